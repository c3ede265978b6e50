"""The list of paid resources over HTTP: public, paged, and clear about what it cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.support import assert_error

if TYPE_CHECKING:
    from tests.api.support import Server

PATH = "/x402/discovery/resources"


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 100, 0),
        ("?limit=0", 0, 0),
        ("?limit=101&offset=7", 100, 7),
        (f"?offset={2**63 - 1}", 100, 2**63 - 1),
    ],
)
def test_anybody_reads_the_list_and_is_told_its_page(
    server: Server, query: str, limit: int, offset: int
) -> None:
    with server.client(None) as anybody:
        answer = anybody.get(PATH + query)
    assert answer.status_code == 200
    assert answer.json() == {
        "x402Version": 2,
        "items": [],
        "pagination": {"limit": limit, "offset": offset, "total": 0},
    }


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", f"offset={2**63}", "type=%00"])
def test_a_parameter_that_cannot_be_read_is_named(server: Server, query: str) -> None:
    with server.client(None) as anybody:
        answer = anybody.get(f"{PATH}?{query}")
    assert_error(answer, 400, "INVALID_FIELD_VALUE")
    assert query.split("=", 1)[0] in answer.text
