"""The supervisor's settings, and the wrappers that its programs start through."""

from __future__ import annotations

import configparser
import os
import subprocess
from pathlib import Path

import pytest
from supervisor.options import ServerOptions
from ves_local import cluster, keyvalue, secretstore, supervise
from ves_local.layout import Layout

PROGRAMS = ["postgres", "api", "workers"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A checkout whose path needs every kind of quoting."""
    found = Layout(tmp_path / "50 % of 'x'")
    found.run.mkdir(parents=True)
    found.pg.mkdir()
    return found


def rendered(layout: Layout) -> configparser.RawConfigParser:
    text = supervise.render(
        layout, supervise.Server(Path("/usr/lib/postgresql/15/bin"), (layout.checkout / "plpython",))
    )
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read_string(text)
    return parser


def test_the_settings_hold_no_secret(layout: Layout) -> None:
    known = secretstore.load(layout)
    text = supervise.render(layout, supervise.Server(Path("/usr/bin"), ()))
    assert not [name for name, value in known.items() if value in text]


def test_every_program_restarts_for_ever_and_rotates_its_log(layout: Layout) -> None:
    parser = rendered(layout)
    for name in PROGRAMS:
        section = parser[f"program:{name}"]
        assert section["autorestart"] == "true"
        assert int(section["startretries"]) >= 1000
        assert section["killasgroup"] == "true"
        assert section["stdout_logfile_maxbytes"] == "10MB"
    assert parser["program:postgres"]["stopsignal"] == "INT"
    assert "autostart" not in parser["program:postgres"]


def test_a_server_that_is_not_ours_is_not_supervised(layout: Layout) -> None:
    assert "[program:postgres]" not in supervise.render(layout, None)


def test_the_supervisor_understands_the_settings(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.log.mkdir()
    monkeypatch.chdir(layout.state)
    layout.supervisor_config.write_text(
        supervise.render(layout, supervise.Server(Path("/usr/bin"), (Path("/x y"), Path("/z")))),
        encoding="utf-8",
    )
    options = ServerOptions()
    options.realize(["-c", str(layout.supervisor_config), "-n"])
    groups = {group.name: group.process_configs[0] for group in options.process_group_configs}
    assert sorted(groups) == sorted(PROGRAMS)
    assert groups["postgres"].environment["PYTHONPATH"] == "/x y:/z"
    assert str(layout.venv / "bin" / "ves") in groups["api"].command


def test_a_program_gets_its_environment_literally_and_notes_its_number(root: Path, tmp_path: Path) -> None:
    values = {"PLAIN": "1", "URL": "postgresql://a:b@/c?host=%2Fx&port=1=", "ODD": "$HOME `id` \"q\" 'r' \\n"}
    keyvalue.write(tmp_path / "some.env", values)
    command = [root / "deploy" / "local" / "run-with-env", tmp_path / "some.env", "--", "env", "-0"]
    shown = subprocess.run(command, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    found = dict(line.partition("=")[::2] for line in shown.stdout.decode().split("\0"))
    assert {name: found[name] for name in values} == values
    assert int((tmp_path / "some.pid").read_text()) > 0


def test_a_program_without_its_environment_does_not_start(root: Path, tmp_path: Path) -> None:
    command = [root / "deploy" / "local" / "run-with-env", tmp_path / "absent.env", "--", "echo", "started"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "started" not in done.stdout


def test_a_folder_setting_survives_quotes_spaces_and_commas() -> None:
    assert cluster.quoted_folder(Path("/a b,c/d'e\"f")) == "'\"/a b,c/d''e\"\"f\"'"


@pytest.mark.parametrize(("memory", "buffers"), [(256 << 20, 128), (4 << 30, 1024), (24 << 30, 4096)])
def test_shared_buffers_are_a_quarter_of_the_memory_within_limits(memory: int, buffers: int) -> None:
    assert cluster.shared_buffers_mb(memory) == buffers


def test_nothing_that_carries_secrets_or_payloads_is_logged_by_the_server(root: Path) -> None:
    lines = (root / "sql" / "image" / "engine.conf").read_text().splitlines()
    settings = {
        name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines) if value
    }
    assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "on"
    assert settings["log_parameter_max_length"] == settings["log_parameter_max_length_on_error"] == "0"
    assert settings["log_min_error_statement"] == "panic"
    # The details of an error quote rows: "Failing row contains (...)".
    assert settings["log_error_verbosity"] == "terse"
