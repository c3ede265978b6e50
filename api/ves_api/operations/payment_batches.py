"""Batches of payment intents (http-api 10.5 to 10.7, x402 A10)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves.codec import I64_MAX
from ves.envelope import Counter
from ves.payment_requests import Network
from ves_api.auth.permission import in_stream, where_found
from ves_api.operations.answers import answer, prefixed
from ves_api.operations.fields import Numbered, invalid
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import Parameters, identifier
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_edge.gen.records import PaymentBatch

operation = Area("Payments").operation
_MAX_SIZE = 1000
_MESSAGES = {
    ("committed", "submitted"): "Batch submission recorded",
    ("committed", "settled"): "Batch submitted and settled",
    ("submitted", "settled"): "Batch settlement confirmed",
    ("settled", "settled"): "Batch already settled",
}


class PaymentBatchRequest(msgspec.Struct):
    """A batch to make: of the named intents, or of the lowest-numbered sequenced ones."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    network: Network
    intent_ids: list[uuid.UUID] | None = None
    max_size: Counter | None = None


class MadePaymentBatch(msgspec.Struct):
    """A batch that was made; `sequence_range` has two numbers."""

    batch_id: uuid.UUID
    status: str
    payment_count: int
    merkle_root: str
    sequence_range: list[int]


class AssetTotal(msgspec.Struct):
    """Sum of the amounts of one asset in a batch, at most 2^64-1."""

    asset: str
    total_amount: int
    payment_count: int


class PaymentBatchDetail(msgspec.Struct, kw_only=True):
    """A batch; roots are bare hex and absent when unset, `intent_ids` is always empty."""

    batch_id: uuid.UUID
    status: str
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    network: str
    payment_count: int
    total_amounts: list[AssetTotal]
    merkle_root: str
    prev_state_root: str | msgspec.UnsetType
    new_state_root: str
    sequence_start: int
    sequence_end: int
    intent_ids: list[uuid.UUID]
    tx_hash: str | None
    block_number: int | None
    gas_used: int | None
    created_at: str
    committed_at: str
    submitted_at: str | None
    settled_at: str | None


class PaymentBatchAnswer(msgspec.Struct):
    """One batch."""

    batch: PaymentBatchDetail


class PaymentBatchById(Parameters, kw_only=True, frozen=True):
    """One batch of payment intents."""

    batch_id: Annotated[uuid.UUID, identifier("The batch of payment intents.")]


class SettlementReport(Numbered):
    """What happened to a batch on its chain."""

    batch_id: uuid.UUID
    tx_hash: str | None = None
    block_number: Counter | None = None
    gas_used: Counter | None = None


class RecordedSettlement(msgspec.Struct):
    """The recorded settlement of a batch, and the changes that this report made."""

    batch_id: uuid.UUID
    status: str
    tx_hash: str | None
    block_number: int | None
    gas_used: int | None
    message: str


@operation(
    permission=in_stream("admin"),
    errors=(
        "invalid_field",
        "payment_not_found",
        "payment_batch_too_large",
        "nothing_to_batch",
        "payment_not_batchable",
    ),
)
async def create_payment_batch(context: Context, given: PaymentBatchRequest) -> MadePaymentBatch:
    """Make and commit a batch of payment intents."""
    made = await aio.create_payment_batch(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        network=given.network,
        intent_ids=given.intent_ids or None,
        max_size=100 if given.max_size is None else min(given.max_size, _MAX_SIZE + 1),
    )
    return answer(
        MadePaymentBatch,
        made,
        merkle_root=prefixed(made.merkle_root),
        sequence_range=[made.sequence_start, made.sequence_end],
    )


@operation(permission=where_found("read", "its stream"), errors=("payment_batch_not_found",))
async def get_payment_batch(context: Context, given: PaymentBatchById) -> PaymentBatchAnswer:
    """Get one batch of payment intents.

    Another tenant's id is answered like one that does not exist.
    """
    batch = await _find(context, given.batch_id)
    previous = batch.prev_state_root
    return PaymentBatchAnswer(
        answer(
            PaymentBatchDetail,
            batch,
            total_amounts=msgspec.convert(batch.total_amounts, list[AssetTotal]),
            prev_state_root=msgspec.UNSET if previous is None else previous.hex(),
            intent_ids=[],
        )
    )


@operation(
    permission=where_found("admin", "its stream"),
    errors=(
        "invalid_field",
        "missing_field",
        "payment_batch_not_found",
        "batch_not_settleable",
        "settlement_mismatch",
    ),
)
async def record_payment_settlement(context: Context, given: SettlementReport) -> RecordedSettlement:
    """Record what happened to a batch on its chain; nothing is sent there or looked up.

    A committed batch needs `tx_hash`; with `block_number` it is settled.
    """
    for member in ("block_number", "gas_used"):
        if (getattr(given, member) or 0) > I64_MAX:
            raise invalid(member, f"is above {I64_MAX}")
    before = await _find(context, given.batch_id)
    done = await aio.record_payment_settlement(
        context.database,
        tenant_id=before.tenant_id,
        batch_id=given.batch_id,
        tx_hash=given.tx_hash,
        block_number=given.block_number,
        gas_used=given.gas_used,
        context=context.audit,
    )
    message = _MESSAGES.get((before.status, done.status), "Batch settlement recorded")
    return answer(RecordedSettlement, done, message=message)


async def _find(context: Context, batch_id: uuid.UUID) -> PaymentBatch:
    """A batch in the caller's scope. Raises payment_batch_not_found, 403."""
    found = await aio.get_payment_batch(context.database, tenant_id=context.tenant_id, batch_id=batch_id)
    return context.in_scope(only(found, "payment_batch_not_found", batch_id))
