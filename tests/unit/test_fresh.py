"""Work under an identity or verdicts that are out of date is done again, a bounded number of times."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import random
import uuid
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.bench.events import Agent, unsigned_events
from ves_api.auth.credentials import Credential
from ves_api.auth.fresh import with_fresh_identity
from ves_api.auth.identity import NOBODY, Epochs, Identity
from ves_api.ingest.coalescer import Append, Coalescer
from ves_api.ingest.columns import SealedEvents
from ves_api.ingest.verdicts import Verdicts, with_fresh_verdicts
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from ves_api.auth.authenticator import Authenticator

CREDENTIAL = Credential("0" * 64)
NOTHING = [None]


class Reader:
    """Stands in for the authenticator: answers the identities it was given, one after the other."""

    def __init__(self, *identities: Identity) -> None:
        self.left = list(identities)
        self.seen: list[int | None] = []

    async def identify(self, _: Credential | None) -> Identity:
        return self.left.pop(0)

    async def identify_again(self, credential: Credential | None, seen_epoch: int | None) -> Identity:
        self.seen.append(seen_epoch)
        return await self.identify(credential)


def at(epoch: int, **rights: Any) -> Identity:
    return dataclasses.replace(NOBODY, epoch=epoch, **rights)


def run(reader: Reader, first: Identity, *refusals: str | None, is_cached: bool = True) -> list[int | None]:
    """The epochs under which the work was tried; it meets the refusals in turn and then succeeds."""
    tried: list[int | None] = []
    left = list(refusals)

    async def work(identity: Identity) -> None:
        tried.append(identity.epoch)
        name = left.pop(0) if left else None
        if name is not None:
            raise ApiError(name)

    authenticator = cast("Authenticator", reader)
    asyncio.run(with_fresh_identity(authenticator, CREDENTIAL, first, work, is_cached=is_cached))
    return tried


def test_work_that_succeeds_is_done_once() -> None:
    assert run(Reader(), at(1)) == [1]


@pytest.mark.parametrize("refusal", ["insufficient_permissions", "store_access_denied", "rate_limited"])
def test_a_refusal_under_a_cached_identity_is_tried_once_more_under_a_new_one(refusal: str) -> None:
    assert run(Reader(at(2)), at(1), refusal) == [1, 2]
    with pytest.raises(ApiError):
        run(Reader(at(2), at(3)), at(1), refusal, refusal)


def test_the_same_identity_is_refused_once() -> None:
    with pytest.raises(ApiError):
        run(Reader(at(1)), at(1), "insufficient_permissions")


def test_a_refusal_under_an_identity_that_was_just_read_stands() -> None:
    with pytest.raises(ApiError):
        run(Reader(at(2)), at(1), "insufficient_permissions", is_cached=False)


def test_stale_credentials_are_read_again_after_the_epoch_that_was_refused() -> None:
    reader = Reader(at(2), at(3))
    assert run(reader, at(1), "stale_credentials", "stale_credentials", is_cached=False) == [1, 2, 3]
    assert reader.seen == [1, 2]


def test_credentials_that_go_on_changing_end_in_the_refusal() -> None:
    reader = Reader(*[at(n) for n in range(2, 20)])
    with pytest.raises(ApiError) as caught:
        run(reader, at(1), *["stale_credentials"] * 20)
    assert caught.value.name == "stale_credentials"
    assert len(reader.seen) == 7


def test_verdicts_are_judged_again_by_newer_schemas() -> None:
    tried: list[int | None] = []

    async def append(verdicts: Verdicts) -> str:
        tried.append(verdicts.schema_epoch)
        if verdicts.schema_epoch != 3:
            raise ApiError("stale_schemas")
        return "appended"

    async def judge_again(seen_epoch: int | None) -> Verdicts:
        return Verdicts(NOTHING, NOTHING, (seen_epoch or 0) + 1)

    first = Verdicts(NOTHING, NOTHING, 1)
    assert asyncio.run(with_fresh_verdicts(first, append, judge_again)) == "appended"
    assert tried == [1, 2, 3]


class Engine:
    """Stands in for the database: accepts every event and remembers the epochs that it was asked with."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    async def fetch(self, _: Any, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        self.calls.append(parameters)
        streams = len(parameters["tenant_ids"].data) // 20 - 1
        return [(n, "appended", 1, 2, 2, dt.datetime.now(dt.UTC), None) for n in range(1, streams + 1)]


class Signer:
    async def own_id(self) -> int:
        return 1


def append_of(
    auth_epoch: int | None, schema_epoch: int | None, *, admin: int | None = None, stream_number: int = 1
) -> Append:
    stream = uuid.UUID(int=stream_number)
    return Append(
        tenant_id=stream,
        store_id=stream,
        events=SealedEvents(unsigned_events(Agent(1, stream, stream), 1, random.Random(1))),
        verdicts=Verdicts(NOTHING, NOTHING, schema_epoch),
        ids=frozenset({uuid.uuid4().int}),
        epochs=Epochs(auth_epoch, admin),
    )


def test_requests_of_older_epochs_are_answered_as_stale_and_the_others_appended() -> None:
    engine = Engine()
    requests = [append_of(7, 2), append_of(6, 2), append_of(None, 2), append_of(7, 1)]

    async def answers() -> list[Any]:
        coalescer = Coalescer(cast("Any", engine), cast("Any", Signer()))
        # All are waiting before the first call, so they would go together.
        return await asyncio.gather(
            *[coalescer.append(request) for request in requests], return_exceptions=True
        )

    newest, older, token, unchecked = asyncio.run(answers())
    assert (newest.first_sequence, token.first_sequence) == (1, 2)
    assert (newest.accepted, token.accepted) == (1, 1)
    assert (older.name, unchecked.name) == ("stale_credentials", "stale_schemas")
    assert len(engine.calls) == 1


def test_a_call_compares_the_newest_epoch_of_the_administrators_among_its_requests() -> None:
    engine = Engine()
    requests = [append_of(None, 2, admin=4), append_of(7, 2), append_of(None, 2, admin=3, stream_number=2)]

    async def answers() -> list[Any]:
        coalescer = Coalescer(cast("Any", engine), cast("Any", Signer()))
        return await asyncio.gather(
            *[coalescer.append(request) for request in requests], return_exceptions=True
        )

    administrator, tenant, older = asyncio.run(answers())
    assert (administrator.accepted, tenant.accepted, older.name) == (1, 1, "stale_credentials")
    assert [call["admin_epoch"] for call in engine.calls] == [4]
