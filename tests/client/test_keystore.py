"""Key files: encrypted under a passphrase, bound to the identity that they name, and still readable in plain."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from tests.cli.offline import AGENT
from ves_client import AgentKey, ClientError

PASSPHRASE = "correct horse ä".encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "agent.json"
    AGENT.save(path, passphrase=PASSPHRASE)
    return path


def test_an_encrypted_key_opens_with_its_passphrase_and_holds_no_secret(path: Path) -> None:
    assert AgentKey.load(path, PASSPHRASE) == AGENT
    assert AGENT.seed.hex() not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_files_of_one_key_and_passphrase_differ(path: Path, tmp_path: Path) -> None:
    AGENT.save(tmp_path / "again.json", passphrase=PASSPHRASE)
    sealed = [
        json.loads(each.read_text())["encrypted_secret_key"] for each in (path, tmp_path / "again.json")
    ]
    assert sealed[0]["salt"] != sealed[1]["salt"]
    assert sealed[0]["sealed"] != sealed[1]["sealed"]


@pytest.mark.parametrize("passphrase", [None, b"", b"wrong"])
def test_without_the_passphrase_it_does_not_open(path: Path, passphrase: bytes | None) -> None:
    with pytest.raises(ClientError) as refused:
        AgentKey.load(path, passphrase)
    assert refused.value.status == 2


def test_a_key_file_in_plain_opens_with_and_without_a_passphrase(tmp_path: Path) -> None:
    AGENT.save(tmp_path / "plain.json")
    assert AgentKey.load(tmp_path / "plain.json") == AGENT
    assert AgentKey.load(tmp_path / "plain.json", PASSPHRASE) == AGENT


def sealed_member(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["encrypted_secret_key"].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda document: document.update(agent_id=str(uuid.UUID(int=1))), id="agent"),
        pytest.param(lambda document: document.update(key_id=9), id="key number"),
        pytest.param(sealed_member(memory=2**40), id="memory beyond reason"),
        pytest.param(sealed_member(passes=10**6), id="passes beyond reason"),
        pytest.param(sealed_member(passes=0), id="no pass"),
        pytest.param(sealed_member(algorithm="none"), id="algorithm"),
        pytest.param(sealed_member(salt="00"), id="salt"),
        pytest.param(sealed_member(sealed="00" * 72), id="ciphertext"),
        pytest.param(lambda document: document.update(encrypted_secret_key=[]), id="shape"),
    ],
)
def test_a_file_that_was_changed_does_not_open(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(ClientError) as refused:
        AgentKey.load(path, PASSPHRASE)
    assert refused.value.status == 2
    assert AGENT.seed.hex() not in refused.value.message


class Memory(KeyringBackend):
    """The operating system's keyring, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def system_keyring() -> Iterator[Memory]:
    before = keyring.get_keyring()
    made = Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_the_systems_keyring_keeps_the_passphrase(system_keyring: Memory, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    AGENT.save(path, in_keyring=True)
    assert list(system_keyring.kept) == [("ves-agent", f"{AGENT.agent_id}/{AGENT.key_id}")]
    assert AgentKey.load(path) == AgentKey.load(path, b"another") == AGENT
    text = path.read_text()
    assert AGENT.seed.hex() not in text
    assert not any(secret in text for secret in system_keyring.kept.values())
    system_keyring.kept.clear()
    with pytest.raises(ClientError, match="has no passphrase") as refused:
        AgentKey.load(path)
    assert refused.value.status == 2


def test_an_existing_file_keeps_its_passphrase(system_keyring: Memory, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    AGENT.save(path, in_keyring=True)
    before = dict(system_keyring.kept)
    with pytest.raises(ClientError, match="exists"):
        AGENT.save(path, in_keyring=True)
    assert system_keyring.kept == before


def test_a_keyring_that_fails_is_wrong_usage(system_keyring: Memory, tmp_path: Path) -> None:
    def fail(*_: str) -> None:
        raise keyring.errors.KeyringLocked("locked")

    system_keyring.set_password = fail  # type: ignore[method-assign]
    with pytest.raises(ClientError, match="cannot be used: locked"):
        AGENT.save(tmp_path / "kept.json", in_keyring=True)
    assert not (tmp_path / "kept.json").exists()


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ClientError, match=r"client\[keyring\]"):
        AGENT.save(tmp_path / "kept.json", in_keyring=True)
