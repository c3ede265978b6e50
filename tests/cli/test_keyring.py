"""`ves keyring`: the ring's file is changed at once, keeps its owner and mode, and never shows a key."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ves.keyring_source import RingSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TENANT = uuid.uuid4()
AAD = bytes(32)


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    file = tmp_path / "keyring.env"
    file.write_text(f"# ours\nPAYLOAD_ENCRYPTION_KEY={secrets.token_hex(32)}\n")
    file.chmod(0o640)
    return file


def source(file: Path) -> RingSource:
    return RingSource({"VES_KEYRING_FILE": str(file)})


def test_a_rotated_ring_writes_with_the_new_key_and_still_opens_what_the_old_one_sealed(
    ves: Callable[..., Any], ring_file: Path
) -> None:
    running = source(ring_file)
    old = running.ring().current(TENANT)
    assert old is not None
    (blob,) = old.seal([AAD], [b"said before"])
    answer = json.loads(ves("keyring", "rotate", "--file", str(ring_file), "--json").out)
    new = running.ring().current(TENANT)
    assert new is not None
    assert answer["key_ids"]["default"] == [new.key_id.hex(), old.key_id.hex()]
    assert running.ring().open(TENANT, old.key_id, AAD, blob) == b"said before"
    assert ring_file.stat().st_mode & 0o777 == 0o640


def test_a_tenants_own_ring_leaves_everybody_elses_alone(ves: Callable[..., Any], ring_file: Path) -> None:
    before = source(ring_file).ring().current(uuid.uuid4())
    assert ves("keyring", "rotate", "--tenant", str(TENANT), "--file", str(ring_file)).code == 0
    ring = source(ring_file).ring()
    assert ring.current(uuid.uuid4()) == before
    assert ring.current(TENANT) != before
    assert before in ring.keys(TENANT)


def test_an_old_key_is_dropped_and_the_current_or_an_unknown_one_is_not(
    ves: Callable[..., Any], ring_file: Path
) -> None:
    answer = json.loads(ves("keyring", "rotate", "--file", str(ring_file), "--json").out)
    new, old = answer["key_ids"]["default"]
    for refused in (new, "0" * 16):
        assert ves("keyring", "drop", refused, "--file", str(ring_file)).code == 2
    assert ves("keyring", "drop", old, "--file", str(ring_file)).code == 0
    assert [key.key_id.hex() for key in source(ring_file).ring().default] == [new]


def test_no_command_shows_a_key(ves: Callable[..., Any], ring_file: Path) -> None:
    key = ring_file.read_text().split("=", 1)[1].strip()
    for command in (["show"], ["rotate"], ["show", "--json"], ["drop", "00"]):
        told = ves("keyring", *command, "--file", str(ring_file))
        assert key not in told.out + told.err


@pytest.mark.parametrize("text", ["PAYLOAD_ENCRYPTION_KEYS=short\n", "PAYLOAD_ENCRYPTION_MODE=x\n"])
def test_a_file_that_is_no_ring_is_left_as_it_is(ves: Callable[..., Any], ring_file: Path, text: str) -> None:
    ring_file.write_text(text)
    assert ves("keyring", "rotate", "--file", str(ring_file)).code == 2
    assert ring_file.read_text() == text


def test_without_a_file_the_command_says_how_to_name_one(ves: Callable[..., Any]) -> None:
    told = ves("keyring", "show")
    assert told.code == 2
    assert "--file" in told.err
