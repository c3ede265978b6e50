"""Servers that answer drop by drop: facilitator, chain node and key service are given up in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.client.dripping import DROP_SECONDS, OK, answering, endless
from ves_api.x402 import chain
from ves_api.x402.chain import ChainReads, ChainUnreachableError
from ves_edge.chain import ChainNodes
from ves_paywall import facilitator
from ves_paywall.facilitator import Facilitator, FacilitatorError
from ves_workers.chain import signer
from ves_workers.chain.signer import KeyService

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def url() -> Iterator[str]:
    with answering(endless(OK + b"x: ", b"a"), DROP_SECONDS) as made:
        yield made


async def test_a_facilitator_that_answers_drop_by_drop_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facilitator, "_SECONDS", 0.3)
    async with asyncio.timeout(30):
        asked = Facilitator(url)
        with pytest.raises(FacilitatorError):
            await asked.verify({})
        await asked.close()


async def test_a_node_that_answers_drop_by_drop_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_SECONDS", 0.3)
    async with asyncio.timeout(30):
        reads = ChainReads(ChainNodes(chain_id=1, urls=(url,)))
        with pytest.raises(ChainUnreachableError):
            await reads.has_code("0x" + "00" * 20, turn=1)
        await reads.close()


async def test_a_key_service_that_answers_drop_by_drop_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer, "_TIMEOUT_SECS", 0.3)
    async with asyncio.timeout(30):
        with pytest.raises(TimeoutError):
            await KeyService(url).public_key()
