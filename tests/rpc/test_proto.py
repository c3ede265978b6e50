"""The files in proto/ keep what clients compiled; what is made from them is current; the manual's tables say the same."""

from __future__ import annotations

import pytest

from tests.rpc import tables
from tests.support import generated_rpc


@pytest.fixture(scope="module")
def surface() -> list[str]:
    return generated_rpc.surface()


def test_no_published_name_or_number_is_gone_or_changed(surface: list[str]) -> None:
    published = set(generated_rpc.SURFACE.read_text(encoding="utf-8").splitlines())
    assert published - set(surface) == set()


def test_every_name_and_number_is_published(surface: list[str]) -> None:
    published = set(generated_rpc.SURFACE.read_text(encoding="utf-8").splitlines())
    assert set(surface) - published == set(), "run make generate"


def test_a_renumbered_field_would_be_found(surface: list[str]) -> None:
    moved = [line.replace("PushRequest.agent_id = 1 ", "PushRequest.agent_id = 9 ") for line in surface]
    published = set(generated_rpc.SURFACE.read_text(encoding="utf-8").splitlines())
    assert len(published - set(moved)) == 2  # v1 and v2


def test_the_generated_messages_are_current() -> None:
    folders = (generated_rpc.PACKAGE, generated_rpc.CLIENT_PACKAGE)
    found = {path: path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py*")}
    assert found == generated_rpc.packages(), "run make generate"


def test_proto_and_the_protocol_tables_have_the_same_messages_enums_and_methods(surface: list[str]) -> None:
    """The tables are an independent source: they were written from the original, not from proto/."""
    told = generated_rpc.lines_of(tables.files())
    assert sorted(told) == surface
    assert len(told) > 300
