"""The files in proto/ keep what clients compiled; what is made from them is current; the manual's tables say the same."""

from __future__ import annotations

import re

import pytest

from tests.support import generated_rpc

TABLES = (generated_rpc.ROOT / "docs" / "protocol" / "grpc-api.md").read_text(encoding="utf-8")


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
    wanted = generated_rpc.modules()
    found = {path.name: path.read_text(encoding="utf-8") for path in generated_rpc.PACKAGE.glob("*.py*")}
    assert found == wanted, "run make generate"


@pytest.mark.parametrize(("version", "chapter"), [("v1", "2"), ("v2", "3"), ("v2", "4")])
def test_the_protocol_tables_give_every_field_its_number(
    surface: list[str], version: str, chapter: str
) -> None:
    """The tables are an independent source: they were written from the original, not from proto/."""
    numbers = {
        (parts[-2], parts[-1]): int(line.split(" = ")[1].split()[0])
        for line in surface
        if line.startswith(f"stateset.sequencer.{version}.") and " = " in line
        for parts in [line.split(" = ")[0].split(".")]
    }
    section = re.split(r"^## ", TABLES, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(f"{chapter}. "))
    told = {
        (message, field): int(number)
        for message, fields in re.findall(
            r"\*\*(\w+)\*\*:(.*?)(?=\n\s*\n|\*\*\w+\*\*:|\n-|\n\|)", text, re.DOTALL
        )
        for field, number in re.findall(r"(\w+)=(\d+)", fields)
    }
    assert len(told) > 10
    assert {key: numbers.get(key) for key in told} == told
