"""Anchoring of commitments (http-api 6 and 9, and the commit-and-anchor call of 5): snake_case, hashes in bare hex.

The API has no key and sends no transaction: what it asks for in the database, the anchor worker does.
"""

from __future__ import annotations

import base64
import uuid
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ves.anchors import anchor_digest, ots_file
from ves.codec import I64_MAX, U32_MAX
from ves_api.auth.permission import BOOTSTRAP, READ_OR_ADMIN, Permission, Scope, in_stream, where_found
from ves_api.operations.answers import answer, prefixed
from ves_api.operations.commitments import RANGE_ERRORS, CommitmentById, find_commitment
from ves_api.operations.fields import Numbered, hex_field, invalid
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.legacy_commitments import find_legacy_commitment
from ves_api.operations.parameters import BatchId, NoInput, Parameters, number
from ves_api.times import zulu
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_api.services import Services
    from ves_edge.gen.records import Commitment, GetAnchorRow

operation = Area("Anchoring").operation
_MAX_PENDING, _DEFAULT_PENDING, _DEFAULT_EVENTS = 5000, 1000, 1024
_HASH_BYTES = 32
_ANCHOR_ERRORS = ("anchor_not_configured", "anchor_pending", "anchor_contradicted")
_VERIFY_ERRORS = ("anchor_not_configured", "chain_unavailable")
_VERIFIER = Permission(
    words="read or admin, and its stream in scope; the bootstrap administrator for a commitment that is unknown here",
    rights=("read", "admin"),
    scope=Scope.FOUND,
)


def _require_configured(services: Services) -> None:
    if not services.anchors.is_configured:
        raise ApiError("anchor_not_configured")


class AnchorStatus(msgspec.Struct):
    """Whether this server anchors on a chain, which anchors count, and how many must have a commitment."""

    anchor_enabled: bool
    message: str
    anchors: list[str]
    required: int


class AnchorProgress(msgspec.Struct):
    """How far one anchor has a commitment; `is_counted`: the policy counts it.

    The block of `opentimestamps` is a Bitcoin block's height; it has no transaction here.
    """

    anchor: str
    is_counted: bool
    status: str
    chain_id: int | None
    chain_tx_hash: str | None
    chain_block_number: int | None
    reason: str | None
    anchored_at: str | None


class CommitmentAnchors(msgspec.Struct):
    """A commitment by the anchor policy: `anchored` of its anchors have it, `required` must."""

    batch_id: uuid.UUID
    is_anchored: bool
    required: int
    anchored: int
    anchors: list[AnchorProgress]


class CommitmentTimestamp(msgspec.Struct):
    """A commitment's OpenTimestamps proof: `ots` is the file in base64, of `digest`, which the other members make (chain 8).

    `status` is `submitted` while calendars wait for a Bitcoin block, then `anchored`.
    """

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int
    event_count: int
    digest: str
    status: str
    block_height: int | None
    ots: str


class AnchorRequest(msgspec.Struct):
    """The commitment to anchor."""

    batch_id: uuid.UUID


class Anchored(msgspec.Struct, omit_defaults=True):
    """`anchored`: a block has the transaction, which becomes final later; `already_anchored`: it was recorded before.

    The latter has no members beyond the hash.
    """

    batch_id: uuid.UUID
    status: str
    chain_tx_hash: str
    chain_block_number: int | None = None
    merkle_root: str | None = None
    events_root: str | None = None
    sequence_start: int | None = None
    sequence_end: int | None = None


class CommittedAndAnchored(msgspec.Struct):
    """A commitment and its transaction; the status is that of `Anchored`."""

    batch_id: uuid.UUID
    status: str
    chain_id: int | None
    chain_tx_hash: str | None
    chain_block_number: int | None
    merkle_root: str
    prev_state_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int


class CommitAndAnchorRequest(Numbered):
    """A range, both ends included, or neither: then the next one, of at most `max_events` events."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    sequence_start: Annotated[int, msgspec.Meta(ge=0)] | None = None
    sequence_end: Annotated[int, msgspec.Meta(ge=0)] | None = None
    max_events: Annotated[int, msgspec.Meta(ge=0)] | None = None


class AnchorVerdict(msgspec.Struct):
    """Whether the contract has the commitment with the root that is stored here."""

    batch_id: uuid.UUID
    anchored_on_chain: bool


class PendingPage(Parameters, kw_only=True, frozen=True):
    """How many pending commitments to answer."""

    limit: Annotated[int, number("Most commitments to answer, at most 5,000; default 1,000.", U32_MAX)] = (
        _DEFAULT_PENDING
    )


class PendingCommitment(msgspec.Struct):
    """A commitment as an anchor service takes it; roots have the prefix 0x."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: str
    new_state_root: str
    events_root: str
    sequence_start: int
    sequence_end: int
    event_count: int
    committed_at: str
    chain_tx_hash: str | None


class PendingCommitments(msgspec.Struct):
    """Commitments without a transaction, oldest first; `total` is how many the answer has."""

    commitments: list[PendingCommitment]
    total: int


class AnchorNotice(Numbered):
    """The transaction that anchored a commitment; `gas_used` is not kept."""

    chain_tx_hash: str
    chain_id: Annotated[int, msgspec.Meta(ge=0)]
    block_number: Annotated[int, msgspec.Meta(ge=0)] | None = None
    gas_used: Annotated[int, msgspec.Meta(ge=0)] | None = None


class AnchorNoticeByBatch(Parameters, kw_only=True, frozen=True):
    """A notice about one commitment."""

    batch_id: BatchId
    body: AnchorNotice


class AnchorNoted(msgspec.Struct, omit_defaults=True):
    """`anchored`: the notice is recorded; `already_anchored`, without the other members: it was recorded before."""

    batch_id: uuid.UUID
    status: str
    chain_tx_hash: str | msgspec.UnsetType = msgspec.UNSET
    chain_id: int | msgspec.UnsetType = msgspec.UNSET
    block_number: int | msgspec.UnsetType | None = msgspec.UNSET


@operation(permission=READ_OR_ADMIN)
async def get_anchor_status(context: Context, _: NoInput) -> AnchorStatus:
    """Report whether commitments are anchored on a chain, and the anchor policy."""
    is_configured = context.services.anchors.is_configured
    word = "configured" if is_configured else "not configured"
    [policy] = await aio.get_anchor_policy(context.database)
    return AnchorStatus(is_configured, f"Anchor service {word}", policy.anchors, policy.required)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found",))
async def list_anchors(context: Context, given: CommitmentById) -> CommitmentAnchors:
    """Report how far each anchor has a commitment of either stream, and whether that is enough by the policy."""
    rows = await aio.list_anchors(context.database, tenant_id=context.tenant_id, batch_id=given.batch_id)
    if not rows:
        raise ApiError("commitment_not_found", resource_id=str(given.batch_id))
    first = context.in_scope(rows[0])
    anchors = await context.each(partial(answer, AnchorProgress), rows)
    is_anchored = first.anchored >= first.required
    return CommitmentAnchors(given.batch_id, is_anchored, first.required, first.anchored, anchors)


@operation(permission=where_found("read", "its stream"), errors=("timestamp_not_found",))
async def get_timestamp(context: Context, given: CommitmentById) -> CommitmentTimestamp:
    """Get the OpenTimestamps proof of a commitment of either stream; it is complete once its status is `anchored`."""
    found = await aio.get_timestamp(context.database, tenant_id=context.tenant_id, batch_id=given.batch_id)
    row = context.in_scope(only(found, "timestamp_not_found"))
    digest = anchor_digest(
        batch_id=given.batch_id,
        tenant_id=row.tenant_id,
        store_id=row.store_id,
        events_root=row.events_root,
        new_state_root=row.new_state_root,
        sequence_start=row.sequence_start,
        sequence_end=row.sequence_end,
        event_count=row.event_count,
    )
    ots = base64.b64encode(ots_file(digest, row.proof_path, row.proof)).decode("ascii")
    return answer(CommitmentTimestamp, row, batch_id=given.batch_id, digest=digest.hex(), ots=ots)


@operation(
    permission=where_found("admin", "its stream"),
    errors=("commitment_not_found", *_ANCHOR_ERRORS),
    precondition=_require_configured,
)
async def anchor_commitment(context: Context, given: AnchorRequest) -> Anchored:
    """Anchor a commitment now, and wait until a block has its transaction.

    The commitment is told as anchored elsewhere (`is_anchored`) when that block is final.
    """
    found = await find_commitment(context, given.batch_id)
    is_new, row = await _anchor(context, found.batch_id, found.merkle_root)
    told = _told(found.batch_id, row, is_new=is_new)
    if is_new:
        told.chain_block_number, told.merkle_root = row.chain_block_number, found.merkle_root.hex()
        told.sequence_start, told.sequence_end = found.sequence_start, found.sequence_end
    return told


@operation(
    permission=where_found("admin", "its stream"),
    errors=("commitment_not_found", *_ANCHOR_ERRORS),
    precondition=_require_configured,
)
async def anchor_legacy_commitment(context: Context, given: AnchorRequest) -> Anchored:
    """Anchor a legacy commitment now, and wait until a block has its transaction."""
    found = await find_legacy_commitment(context, given.batch_id)
    is_new, row = await _anchor(context, found.batch_id, found.events_root)
    told = _told(found.batch_id, row, is_new=is_new)
    if is_new:
        told.events_root = found.events_root.hex()
        told.sequence_start, told.sequence_end = found.sequence_start, found.sequence_end
    return told


def _told(batch_id: uuid.UUID, row: GetAnchorRow, *, is_new: bool) -> Anchored:
    return Anchored(batch_id, _status(is_new), (row.chain_tx_hash or b"").hex())


def _status(is_new: bool) -> str:
    return "anchored" if is_new else "already_anchored"


async def _anchor(context: Context, batch_id: uuid.UUID, root: bytes) -> tuple[bool, GetAnchorRow]:
    return await context.services.anchors.anchor(context.tenant_id, batch_id, root)


@operation(
    permission=in_stream("admin"),
    errors=("invalid_field", "commitment_exists", *RANGE_ERRORS, *_ANCHOR_ERRORS),
    precondition=_require_configured,
)
async def commit_and_anchor(context: Context, given: CommitAndAnchorRequest) -> CommittedAndAnchored:
    """Commit a range, or the next one, and anchor the commitment; a failure leaves the commitment stored."""
    made = await _commit(context, given)
    is_new, row = await _anchor(context, made.batch_id, made.merkle_root)
    return answer(
        CommittedAndAnchored,
        made,
        status=_status(is_new),
        chain_id=row.chain_id,
        chain_tx_hash=None if row.chain_tx_hash is None else row.chain_tx_hash.hex(),
        chain_block_number=row.chain_block_number,
    )


async def _commit(context: Context, given: CommitAndAnchorRequest) -> Commitment:
    if (given.sequence_start is None) is not (given.sequence_end is None):
        message = "sequence_start and sequence_end must be given together"
        raise ApiError("invalid_field", message, details={"field": "sequence_start, sequence_end"})
    stream = {"tenant_id": given.tenant_id, "store_id": given.store_id}
    if given.sequence_start is not None and given.sequence_end is not None:
        first, last = (min(end, I64_MAX) for end in (given.sequence_start, given.sequence_end))
        return await aio.create_commitment(
            context.database, **stream, sequence_start=first, sequence_end=last
        )
    most = _DEFAULT_EVENTS if given.max_events is None else max(1, given.max_events)
    made = await aio.commit_next(context.database, **stream, max_events=min(most, 1_048_576))
    return only(made, "range_has_no_events")


@operation(permission=_VERIFIER, errors=_VERIFY_ERRORS, precondition=_require_configured)
async def verify_anchor(context: Context, given: CommitmentById) -> AnchorVerdict:
    """Ask the contract whether it has a commitment, with the root that is stored here.

    One that is unknown here is looked up by its id alone, for the bootstrap administrator.
    """
    found = await aio.get_commitment(context.database, tenant_id=context.tenant_id, batch_id=given.batch_id)
    return await _verdict(context, given.batch_id, found, [one.merkle_root for one in found])


@operation(permission=_VERIFIER, errors=_VERIFY_ERRORS, precondition=_require_configured)
async def verify_legacy_anchor(context: Context, given: CommitmentById) -> AnchorVerdict:
    """Ask the contract whether it has a legacy commitment, with the root that is stored here."""
    found = await aio.get_legacy_commitment(
        context.database, tenant_id=context.tenant_id, batch_id=given.batch_id
    )
    return await _verdict(context, given.batch_id, found, [one.events_root for one in found])


async def _verdict(
    context: Context, batch_id: uuid.UUID, found: list[Any], roots: list[bytes]
) -> AnchorVerdict:
    if not found:
        context.identity.require_bootstrap()
    for one in found:
        context.in_scope(one)
    root = roots[0] if roots else None
    is_on_chain = await context.services.anchors.is_on_chain(context.identity.tenant_id, batch_id, root)
    return AnchorVerdict(batch_id, is_on_chain)


@operation(permission=BOOTSTRAP)
async def list_pending_anchors(context: Context, given: PendingPage) -> PendingCommitments:
    """List VES commitments of all tenants for which no transaction is recorded or planned, for an anchor service."""
    rows = await aio.list_pending_anchors(
        context.database, include_legacy=False, max_rows=min(given.limit, _MAX_PENDING)
    )
    listed = [
        PendingCommitment(
            row.batch_id, row.tenant_id, row.store_id, prefixed(row.prev_state_root), prefixed(row.new_state_root),
            prefixed(row.events_root), row.sequence_start, row.sequence_end, row.event_count,
            zulu(row.committed_at), None,
        )
        for row in rows
    ]  # fmt: skip
    return PendingCommitments(listed, len(listed))


@operation(permission=BOOTSTRAP, errors=("invalid_field", "commitment_not_found", "anchor_conflict"))
async def record_anchor(context: Context, given: AnchorNoticeByBatch) -> AnchorNoted:
    """Record the transaction by which a separate service anchored a commitment; the same again changes nothing.

    The commitment counts as anchored at once: the service has waited for its transaction.
    """
    said = given.body
    if said.chain_id > U32_MAX:
        raise invalid("chain_id", "is above 4294967295")
    tx_hash = hex_field(said.chain_tx_hash, _HASH_BYTES, "chain_tx_hash")
    is_new = await aio.record_anchor(
        context.database,
        batch_id=given.batch_id,
        chain_tx_hash=tx_hash,
        chain_id=said.chain_id,
        block_number=None if said.block_number is None else min(said.block_number, I64_MAX),
        context=context.audit,
    )
    if not is_new:
        return AnchorNoted(given.batch_id, _status(is_new))
    return AnchorNoted(given.batch_id, _status(is_new), prefixed(tx_hash), said.chain_id, said.block_number)
