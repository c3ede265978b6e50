"""`VES_CHAIN`: what it may say, where its program comes from, and what a chain changes in the supervisor's settings."""

from __future__ import annotations

import base64
import configparser
import hashlib
import http.server
import io
import json
import socket
import sys
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ves_local import anvil, chain, keyvalue, supervise
from ves_local.console import StageError
from ves_local.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "@foundry-rs/anvil-linux-amd64"
URL = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing said, on the machine of PACKAGE, with a registry that does not answer."""
    monkeypatch.delenv("VES_CHAIN", raising=False)
    monkeypatch.delenv("L2_RPC_URL", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(anvil.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("npm_config_registry", URL)


@pytest.fixture
def bare(tmp_path: Path) -> Layout:
    """A checkout whose lock file names a package of the registry."""
    found = Layout(tmp_path)
    found.run.mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    _lock(found, b"")
    return found


@pytest.fixture
def layout(bare: Layout) -> Layout:
    """A checkout with the packages of the tests."""
    binary = bare.checkout / "contracts" / "node_modules" / PACKAGE / "bin" / "anvil"
    binary.parent.mkdir(parents=True)
    binary.touch()
    (bare.checkout / "contracts" / "node_modules" / ".ves-contents").touch()
    return bare


def _lock(layout: Layout, package: bytes) -> None:
    digest = base64.b64encode(hashlib.sha512(package).digest()).decode()
    locked = {"version": "1.2.3", "integrity": f"sha512-{digest}"}
    text = json.dumps({"packages": {f"node_modules/{PACKAGE}": locked}})
    (layout.checkout / "contracts" / "package-lock.json").write_text(text, encoding="utf-8")


@pytest.fixture
def package() -> bytes:
    content, stream = b"#!/bin/sh\n", io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("package/bin/anvil")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def registry(package: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A registry that answers every path with the package; yields the paths that it was asked for."""
    asked: list[str] = []

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-length", str(len(package)))
            self.end_headers()
            self.wfile.write(package)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        yield asked
        server.shutdown()


def test_there_is_a_chain_unless_the_operator_says_otherwise(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chain.command(layout)
    keyvalue.write(layout.state / "settings.env", {"VES_CHAIN": "off"})
    assert not chain.command(layout)
    monkeypatch.setenv("VES_CHAIN", "local")  # the environment overrides the file
    assert chain.command(layout)


def test_a_chain_that_the_settings_name_takes_its_place(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = (layout.state / "chain" / "port").read_text() if chain.command(layout) else ""
    monkeypatch.setenv("L2_RPC_URL", f"http://127.0.0.1:{port}")  # as .ves/env has it
    assert chain.command(layout)
    monkeypatch.setenv("L2_RPC_URL", URL)
    assert not chain.command(layout)
    monkeypatch.setenv("VES_CHAIN", "local")
    assert chain.command(layout)


def test_a_server_of_the_operator_gets_a_local_chain_only_when_asked(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not chain.command(layout, is_private=False)
    monkeypatch.setenv("VES_CHAIN", "local")
    assert chain.command(layout, is_private=False)


def test_any_other_word_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VES_CHAIN", "mainnet")
    with pytest.raises(StageError, match="off or local"):
        chain.command(layout)


def test_without_a_registry_the_system_starts_without_a_chain_and_says_so(
    bare: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not chain.command(bare)
    assert "no local chain" in capsys.readouterr().out
    monkeypatch.setenv("VES_CHAIN", "local")
    with pytest.raises(StageError, match="not fetched"):
        chain.command(bare)


def test_the_package_of_the_lock_file_is_fetched_once(
    bare: Layout, package: bytes, registry: list[str]
) -> None:
    _lock(bare, package)
    program = Path(chain.command(bare)[0])
    assert program.stat().st_mode & 0o777 == 0o700
    assert program.read_bytes() == b"#!/bin/sh\n"
    assert Path(chain.command(bare)[0]) == program
    assert registry == [f"/{PACKAGE}/-/anvil-linux-amd64-1.2.3.tgz"]


def test_what_an_interrupted_npm_left_is_not_used(
    layout: Layout, package: bytes, registry: list[str]
) -> None:
    (layout.checkout / "contracts" / "node_modules" / ".ves-contents").unlink()
    _lock(layout, package)
    assert Path(chain.command(layout)[0]) == layout.state / "chain" / "anvil-1.2.3"
    assert registry


def test_a_package_with_another_digest_is_refused_and_not_kept(
    bare: Layout, package: bytes, registry: list[str]
) -> None:
    _lock(bare, package + b"x")
    with pytest.raises(StageError, match="digest"):
        anvil.program(bare)
    assert registry
    assert not list(bare.state.rglob("*anvil*"))


def test_a_registry_that_does_not_come_to_its_end_is_given_up(
    bare: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anvil, "_MOST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as registry:
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{registry.getsockname()[1]}")
        with pytest.raises(StageError, match="longer than"):
            anvil.program(bare)


def test_a_machine_without_anvil_is_named(bare: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anvil.platform, "machine", lambda: "riscv64")
    with pytest.raises(StageError, match="not built for this machine"):
        anvil.program(bare)


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
