"""VES commitments (http-api 5, VES 10): snake_case, roots in bare hex."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from ves.codec import I64_MAX
from ves_api.auth.permission import in_stream, where_found
from ves_api.operations.answers import answer
from ves_api.operations.fields import Numbered
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import AfterNumber, BatchId, Parameters, Stream
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ves_api.cache import Cache
    from ves_api.reads import CommitmentKey
    from ves_edge.gen.records import Commitment, LegacyCommitment

C = TypeVar("C", "Commitment", "LegacyCommitment")
RANGE_ERRORS = ("range_is_empty", "range_must_follow", "range_has_no_events", "range_too_large")
PAGE = 1000
operation = Area("Commitments").operation


class CommitmentRequest(Numbered):
    """A range to commit, both ends included."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    sequence_start: Annotated[int, msgspec.Meta(ge=0)]
    sequence_end: Annotated[int, msgspec.Meta(ge=0)]

    def stored_range(self) -> dict[str, int]:
        """The range as parameters of the database: no event has a number beyond int8, whose largest stands for it."""
        ends = {"sequence_start": self.sequence_start, "sequence_end": self.sequence_end}
        return {name: min(number, I64_MAX) for name, number in ends.items()}


class CommitmentFields(msgspec.Struct):
    """The members that every commitment answer has."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    ves_version: int
    tree_depth: int
    leaf_count: int
    padded_leaf_count: int
    merkle_root: str
    prev_state_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int
    committed_at: str


class ListedCommitment(CommitmentFields):
    """A commitment in a list."""

    is_anchored: bool


class CommitmentDetail(CommitmentFields):
    """A commitment with its place on a chain; chain members are null until it is submitted."""

    chain_id: int | None
    chain_tx_hash: str | None
    chain_block_number: int | None
    anchored_at: str | None
    is_anchored: bool


class CommitmentList(msgspec.Struct, omit_defaults=True):
    """Commitments of a stream that are not on a chain yet, oldest first; `has_more` when the page is full."""

    commitments: list[ListedCommitment]
    count: int
    has_more: bool = False


class CommitmentPage(Stream, kw_only=True, frozen=True):
    """The commitments of a stream that start above a number."""

    after: AfterNumber = 0

    def asked(self, tenant_id: uuid.UUID) -> dict[str, Any]:
        """Arguments of the engine's functions: one row more than the page tells whether there are more."""
        stream = {"tenant_id": tenant_id, "store_id": self.store_id}
        return {**stream, "after": min(self.after, I64_MAX), "max_rows": PAGE + 1}


class CommitmentById(Parameters, kw_only=True, frozen=True):
    """One commitment."""

    batch_id: BatchId


@operation(
    permission=in_stream("write"),
    errors=("commitment_exists", *RANGE_ERRORS),
)
async def create_commitment(context: Context, given: CommitmentRequest) -> CommitmentFields:
    """Commit a range of events; the same range again answers the stored commitment."""
    made = await aio.create_commitment(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        **given.stored_range(),
    )
    return answer(CommitmentFields, made)


@operation(permission=in_stream("read"))
async def list_commitments(context: Context, given: CommitmentPage) -> CommitmentList:
    """List the commitments of a stream that are not on a chain yet, at most 1,000 that start above `after`.

    The next page starts after the highest `sequence_end`.
    """
    found = await aio.list_commitments(context.database, **given.asked(context.tenant_id))
    listed = await context.each(_listed, found[:PAGE])
    return CommitmentList(listed, len(listed), len(found) > PAGE)


def _listed(commitment: Commitment) -> ListedCommitment:
    return answer(ListedCommitment, commitment, is_anchored=commitment.anchored_at is not None)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found",))
async def get_commitment(context: Context, given: CommitmentById) -> CommitmentDetail:
    """Get one commitment.

    Another tenant's id is answered like one that does not exist.
    """
    found = await find_commitment(context, given.batch_id)
    return answer(CommitmentDetail, found, is_anchored=found.anchored_at is not None)


async def find_commitment(context: Context, batch_id: uuid.UUID) -> Commitment:
    """A commitment in the caller's scope, cached when it is final. Raises commitment_not_found, 403."""
    return await find_final(context, batch_id, aio.get_commitment, context.reads.caches.ves_commitment)


async def find_final(
    context: Context,
    batch_id: uuid.UUID,
    get: Callable[..., Awaitable[list[C]]],
    cache: Cache[CommitmentKey, C],
) -> C:
    """A commitment of either kind of stream; it is cached once it is anchored, because then nothing changes."""
    reads, tenant_id = context.reads, context.tenant_id

    async def read() -> C:
        return only(
            await get(reads, tenant_id=tenant_id, batch_id=batch_id), "commitment_not_found", batch_id
        )

    key = (tenant_id, batch_id)
    return context.in_scope(await reads.remembered(cache, key, read, lambda c: c.anchored_at is not None))
