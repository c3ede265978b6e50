"""Reads of the chain by the API: a node that answers nonsense is passed over, and never an exception or a wait without end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ves_api.x402 import chain
from ves_api.x402.chain import ChainReads, ChainUnreachableError
from ves_edge.chain import ChainNodes

CHAIN_ID = 84_532
TOKEN = "0x" + "11" * 20
WORD = "0x" + "00" * 31 + "07"


def answers(request: httpx.Request, **members: Any) -> list[dict[str, Any]]:
    asked = json.loads(request.content)
    chain_id = {"result": hex(CHAIN_ID)}
    return [{"id": one["id"], **(members if one["id"] else chain_id)} for one in asked]


def reads(bad: Any) -> ChainReads:
    """The first node answers `bad`: the members of an answer, or a whole body; the second one what it should."""

    def node(request: httpx.Request) -> httpx.Response:
        if request.url.host == "good":
            return httpx.Response(
                200, stream=httpx.ByteStream(json.dumps(answers(request, result=WORD)).encode())
            )
        if isinstance(bad, dict):
            return httpx.Response(200, stream=httpx.ByteStream(json.dumps(answers(request, **bad)).encode()))
        if callable(bad):
            return httpx.Response(200, content=bad())
        return httpx.Response(200, stream=httpx.ByteStream(bad))

    made = ChainReads(ChainNodes(("http://bad", "http://good"), CHAIN_ID))
    made._client = httpx.AsyncClient(transport=httpx.MockTransport(node))
    return made


async def never_ends() -> AsyncIterator[bytes]:
    yield b"["
    await asyncio.Event().wait()


async def far_too_long() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65_536


NONSENSE: dict[str, Any] = {
    "no result": {"result": None},
    "a number": {"result": 7},
    "no hex": {"result": "0xzz"},
    "half a byte": {"result": "0x123"},
    "an object": {"result": {}},
    "a text for an error": {"error": "reverted"},
    "an error of the node": {"error": {"code": -32005, "message": "rate limited"}},
    "nothing": {},
    "no array": b"{}",
    "an empty array": b"[]",
    "numbers": b"[1]",
    "a huge chain id": b'[{"id":0,"result":"' + b"1" * 5_000 + b'"}]',
    "no text": b"\xff\xfe",
    "depth": b"[" * 200_000,
    "no end": never_ends,
    "a long body": far_too_long,
}


@pytest.mark.parametrize("bad", NONSENSE.values(), ids=NONSENSE)
async def test_a_node_that_answers_nonsense_is_passed_over(bad: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_SECONDS", 0.2)
    assert await reads(bad).call((TOKEN, b""), turn=1) == [bytes(31) + b"\7"]
    assert await reads(bad).has_code(TOKEN, turn=1) is True


@pytest.mark.parametrize("error", [{"code": 3}, {"code": -32000, "message": "execution reverted: no"}])
async def test_a_revert_is_an_answer(error: dict[str, Any]) -> None:
    assert await reads({"error": error}).call((TOKEN, b""), turn=1) == [None]


async def test_a_chain_without_an_answer_is_unreachable() -> None:
    made = reads({"result": "0xzz"})
    made._urls = made._urls[:1]
    with pytest.raises(ChainUnreachableError):
        await made.call((TOKEN, b""), turn=1)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def sharing(requests: list[list[dict[str, Any]]], bad: str = "") -> ChainReads:
    """Nodes that note what they are asked and echo the data of a call; the first one has no answer for data `bad`."""

    def node(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        requests.append(asked)
        told = [{"id": 0, "result": hex(CHAIN_ID)}]
        for one in asked[1:]:
            data = one["params"][0]["data"]
            is_refused = request.url.host == "first" and data == bad
            told.append(
                {"id": one["id"], **({"error": {"message": "timeout"}} if is_refused else {"result": data})}
            )
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(told[::-1]).encode()))

    made = ChainReads(ChainNodes(("http://first", "http://second"), CHAIN_ID))
    made._client = httpx.AsyncClient(transport=httpx.MockTransport(node))
    return made


async def test_callers_of_one_instant_share_requests_and_questions() -> None:
    requests: list[list[dict[str, Any]]] = []
    made = sharing(requests)
    same = (TOKEN, word(0))
    asked = [made.call(same, (TOKEN, word(number)), turn=1, sender=TOKEN) for number in range(1, 201)]
    assert await asyncio.gather(*asked) == [[word(0), word(number)] for number in range(1, 201)]
    assert len(requests) < 10
    assert all(len(request) <= 102 for request in requests)
    assert sum(
        one["method"] == "eth_call" and one["params"][0]["data"] == "0x" + word(0).hex()
        for request in requests
        for one in request
    ) == len(requests)
    asked_of_node = {"from": TOKEN, "to": TOKEN, "gas": hex(371_512), "data": "0x" + word(0).hex()}
    assert requests[0][1]["params"] == [asked_of_node, "latest"]


async def test_a_tenant_with_many_questions_delays_another_by_one_request() -> None:
    requests: list[list[dict[str, Any]]] = []
    made = sharing(requests)
    asked = [made.call((TOKEN, word(number)), turn="many") for number in range(1, 1_001)]
    asked.append(made.call((TOKEN, word(0)), turn="one"))
    assert await asyncio.gather(*asked) == [[word(number)] for number in (*range(1, 1_001), 0)]
    places = [n for n, request in enumerate(requests) if "0x" + word(0).hex() in json.dumps(request)]
    assert (places, len(requests)) == ([2], 12)


async def test_what_one_caller_asks_does_not_decide_whether_another_is_answered() -> None:
    """A node gives up on a call that a stranger made expensive: that caller alone asks the next node."""
    requests: list[list[dict[str, Any]]] = []
    made = sharing(requests, bad="0x" + word(66).hex())
    found = await asyncio.gather(*(made.call((TOKEN, word(number)), turn=1) for number in range(60, 70)))
    assert found == [[word(number)] for number in range(60, 70)]
    assert [len(request) - 1 for request in requests if request[-1]["params"][0]["data"].endswith("42")] == [
        1
    ]


async def test_a_caller_that_gives_up_takes_no_answer_from_the_others() -> None:
    requests: list[list[dict[str, Any]]] = []
    made = sharing(requests)
    asked = [asyncio.create_task(made.call((TOKEN, word(number)), turn=1)) for number in range(6)]
    await asyncio.sleep(0)
    asked[0].cancel()
    asked[4].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [found[number] for number in (1, 2, 3, 5)] == [[word(number)] for number in (1, 2, 3, 5)]
    assert await made.call((TOKEN, word(9)), turn=1) == [word(9)]
