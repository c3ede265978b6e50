"""On a terminal long work shows its progress; elsewhere not a byte of it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rich.table import Table

from tests.cli.system import System
from tests.support.processes import environment
from ves_client.commands.output import out, print_line, print_table

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [
    sys.executable,
    "-m",
    "ves_api.cli",
    "demo",
    "--purchases",
    "60",
    "--proofs",
    "20",
    "--no-tampering",
]


def test_progress_is_drawn_on_a_terminal(here: System, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=follower,
        cwd=tmp_path,
        env=environment(TERM="xterm", COLUMNS="120"),
    )
    os.close(follower)
    drawn = b""
    while True:
        try:
            drawn += os.read(leader, 65536)
        except OSError:  # the terminal is closed with its last writer
            break
    told = process.communicate()[0]
    assert process.returncode == 0
    assert b"send" in drawn
    assert b"events" in drawn
    assert b"Done after" in told


def test_nothing_is_drawn_into_a_pipe(here: System, tmp_path: Path) -> None:
    done = subprocess.run(COMMAND, check=True, capture_output=True, cwd=tmp_path, env=environment())
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


def test_text_from_elsewhere_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name")
    table.add_row("b\x1b[2J")
    out.print("a\x1b]0;title\x07 \r\u202e\x9b2J", "[red]\tü")
    print_table(table)
    printed = capsys.readouterr().out
    assert "a\\x1b]0;title\\x07 \\x0d\\u202e\\x9b2J [red]" in printed
    assert "b\\x1b[2J" in printed
    assert "\x1b" not in printed


def test_a_line_break_in_a_name_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("order/1\n2 order/2 order.paid")
    assert capsys.readouterr().out == "order/1\\n2 order/2 order.paid\n"
