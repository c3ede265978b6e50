"""`VES_CHAIN`: what it may say, and what a chain beside the system changes in the supervisor's settings."""

from __future__ import annotations

import configparser
import socket
from pathlib import Path

import pytest
from ves_local import chain, keyvalue, supervise
from ves_local.console import StageError
from ves_local.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path)
    found.run.mkdir(parents=True)
    binary = tmp_path / "contracts" / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
    binary.parent.mkdir(parents=True)
    binary.touch()
    return found


@pytest.mark.parametrize(
    ("said", "wanted"), [({}, False), ({"VES_CHAIN": "off"}, False), ({"VES_CHAIN": "local"}, True)]
)
def test_there_is_a_chain_only_when_it_is_asked_for(said: dict[str, str], wanted: bool) -> None:
    assert chain.is_wanted(said) is wanted


def test_any_other_word_is_refused() -> None:
    with pytest.raises(StageError, match="off or local"):
        chain.is_wanted({"VES_CHAIN": "mainnet"})


def test_without_anvil_the_reason_is_said(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="npm"):
        chain.command(Layout(tmp_path))


def test_the_chain_is_a_program_of_its_own_on_the_loopback(layout: Layout) -> None:
    command = chain.command(layout)
    parser = configparser.RawConfigParser()
    parser.read_string(supervise.render(layout, None, chain=command))
    assert '"--host" "127.0.0.1"' in parser["program:chain"]["command"]
    assert parser["program:chain"]["autostart"] == "false"
    assert "[program:chain]" not in supervise.render(layout, None)


def test_the_chain_keeps_its_port_unless_another_program_listens_on_it(layout: Layout) -> None:
    port = (layout.state / "chain" / "port").read_text() if chain.command(layout) else ""
    assert port in chain.command(layout)
    with socket.create_server(("127.0.0.1", int(port))):
        assert port not in chain.command(layout)
    keyvalue.write_text(layout.state / "chain" / "port", port)
    assert port in chain.command(layout)
