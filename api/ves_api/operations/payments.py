"""Payment intents: submit, read back, prove (http-api 10, x402 A6, A12)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves.codec import U32_MAX, U64_MAX, key_id_number
from ves.payment_requests import PaymentRequest, check_request
from ves.payments import ASSETS, CHAIN_IDS
from ves_api.auth.fresh import with_fresh_identity
from ves_api.auth.identity import NIL
from ves_api.auth.permission import INGEST, authorize, in_tenant, where_found
from ves_api.ids import fresh_uuid
from ves_api.operations.admission import charge_changed_limit
from ves_api.operations.answers import answer, prefixed
from ves_api.operations.fields import invalid
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import Parameters, choice, identifier, instant, number, text, word
from ves_api.times import now_text
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity
    from ves_edge.gen.records import PaymentIntent

operation = Area("Payments").operation
_MAX_PAGE, _MAX_SKIP = 1000, 10_000
_STATUSES = ("pending", "sequenced", "batched", "settled", "expired", "failed")

IntentId = Annotated[uuid.UUID, identifier("The payment intent.")]


class PaymentState(msgspec.Struct):
    """Where an intent is; null members are not set yet."""

    intent_id: uuid.UUID
    status: str
    sequence_number: int
    sequenced_at: str
    batch_id: uuid.UUID | None


class PaymentById(Parameters, kw_only=True, frozen=True):
    """One payment intent."""

    intent_id: IntentId


class PaymentPage(Parameters, kw_only=True, frozen=True):
    """A page of payment intents; a filter that is left out filters nothing."""

    tenant_id: Annotated[uuid.UUID, identifier("The tenant; must be there.")] = NIL
    store_id: Annotated[
        uuid.UUID | None, identifier("The store; must be there for a credential of some stores.")
    ] = None
    payer_address: Annotated[str | None, text("The payer, in the very spelling that was sent.")] = None
    payee_address: Annotated[str | None, text("The payee, in the very spelling that was sent.")] = None
    status: Annotated[str | None, word("State.", _STATUSES)] = None
    network: Annotated[str | None, word("Network.", CHAIN_IDS)] = None
    asset: Annotated[str | None, choice("Asset.", ASSETS)] = None
    batch_id: Annotated[uuid.UUID | None, identifier("Batch.")] = None
    from_date: Annotated[dt.datetime | None, instant("Submitted at or after.")] = None
    to_date: Annotated[dt.datetime | None, instant("Submitted at or before.")] = None
    limit: Annotated[int, number("Most intents to answer, 1 to 1000.", U32_MAX)] = 100
    offset: Annotated[int, number("How many intents to skip, at most 10000.", U64_MAX)] = 0

    def __post_init__(self) -> None:
        """Raise missing_field without a tenant."""
        if self.tenant_id == NIL:
            raise ApiError("missing_field", "tenant_id is missing", details={"field": "tenant_id"})


class ListedPayment(msgspec.Struct, kw_only=True):
    """A stored payment intent; `is_settleable` says whether a settlement contract can pay it."""

    intent_id: uuid.UUID
    x402_version: int
    status: str
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    source_agent_id: uuid.UUID
    agent_key_id: int
    payer_address: str
    payee_address: str
    amount: int
    asset: str
    network: str
    chain_id: int
    token_address: str | None
    created_at_unix: int
    valid_until: int
    nonce: int
    idempotency_key: str | None
    resource_uri: str | None
    description: str | None
    order_id: uuid.UUID | None
    merchant_id: str | None
    signing_hash: str
    payer_signature: str
    payer_public_key: str | msgspec.UnsetType
    sequence_number: int
    sequenced_at: str
    batch_id: uuid.UUID | None
    tx_hash: str | None
    block_number: int | None
    settled_at: str | None
    metadata: msgspec.Raw
    created_at: str
    updated_at: str
    is_settleable: bool


class PaymentReceipt(msgspec.Struct, kw_only=True):
    """What proves that an intent is in its batch; `receipt_id` and `created_at` are those of the answer."""

    receipt_id: uuid.UUID
    intent_id: uuid.UUID
    sequence_number: int
    batch_id: uuid.UUID
    merkle_root: str
    inclusion_proof: list[str]
    leaf_index: int
    total_leaves: int
    payer_address: str
    payee_address: str
    amount: int
    asset: str
    network: str
    chain_id: int
    nonce: int
    valid_until: int
    signing_hash: str
    payer_signature: str
    tx_hash: str | None
    block_number: int | None
    created_at: str


class PaymentReceiptAnswer(msgspec.Struct):
    """The receipt of an intent."""

    receipt: PaymentReceipt


@operation(
    permission=INGEST,
    caches_identity=True,
    errors=(
        "invalid_field",
        "field_too_long",
        "payment_expired",
        "payment_window_exceeded",
        "idempotency_conflict",
        "signing_hash_mismatch",
        "payment_signature_invalid",
        "payer_key_unbound",
        "agent_key_not_found",
        "nonce_used",
        "spending_limit_exceeded",
    ),
)
async def submit_payment_intent(context: Context, given: PaymentRequest) -> PaymentState:
    """Submit a signed payment intent; the same idempotency key and request answer the stored intent.

    The signature is that of the payer over the hash of x402 A4. The key is one that is registered for the agent, or the
    payer address itself.
    """
    check_request(given)
    payments = context.services.payments
    row = await payments.prepare(given)

    async def attempt(identity: Identity) -> PaymentState:
        if identity is not context.identity:
            await charge_changed_limit(context, identity)
            authorize(identity, INGEST, given)
        outcome = await payments.append(given.tenant_id, given.store_id, row, identity.epochs)
        return answer(PaymentState, outcome)

    return await with_fresh_identity(
        context.services.authenticator, context.credential, context.identity, attempt, is_cached=True
    )


@operation(permission=where_found("read", "its stream"), errors=("payment_not_found",))
async def get_payment_intent(context: Context, given: PaymentById) -> PaymentState:
    """Get the state of a payment intent.

    Another tenant's id is answered like one that does not exist.
    """
    found = await aio.get_payment_intent(
        context.database, tenant_id=context.tenant_id, intent_id=given.intent_id
    )
    return answer(PaymentState, context.in_scope(only(found, "payment_not_found", given.intent_id)))


@operation(permission=in_tenant("read"), errors=("missing_field", "invalid_field", "page_too_large"))
async def list_payment_intents(context: Context, given: PaymentPage) -> list[ListedPayment]:
    """List the payment intents of a tenant, newest first."""
    if given.store_id is not None:
        context.identity.require_scope(given.tenant_id, given.store_id)
    elif context.identity.stores:
        raise ApiError("missing_field", "store_id is missing", details={"field": "store_id"})
    if given.limit < 1:
        raise invalid("limit", "must be 1 or more")
    if given.limit > _MAX_PAGE:
        raise ApiError("page_too_large", details={"limit": _MAX_PAGE})
    if given.offset > _MAX_SKIP:
        raise invalid("offset", f"must be at most {_MAX_SKIP}")
    if given.from_date is not None and given.to_date is not None and given.from_date > given.to_date:
        raise invalid("from_date", "is after to_date")
    rows = await aio.list_payment_intents(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        payer_address=given.payer_address,
        payee_address=given.payee_address,
        status=given.status,
        network=given.network,
        asset=given.asset,
        batch_id=given.batch_id,
        from_date=given.from_date,
        to_date=given.to_date,
        max_rows=given.limit,
        skip_rows=given.offset,
    )
    return await context.each(_listed, rows)


@operation(
    permission=where_found("read", "its stream"),
    errors=("payment_not_found", "payment_not_committed"),
)
async def get_payment_receipt(context: Context, given: PaymentById) -> PaymentReceiptAnswer:
    """Get what proves that an intent is in its batch.

    Everything that the leaf is made of is inside, so that it can be verified offline.
    """
    found = context.in_scope(
        await aio.get_payment_receipt(
            context.database, tenant_id=context.tenant_id, intent_id=given.intent_id
        )
    )
    receipt = answer(
        PaymentReceipt,
        found,
        receipt_id=fresh_uuid(),
        merkle_root=prefixed(found.merkle_root),
        inclusion_proof=[prefixed(node) for node in found.inclusion_proof],
        nonce=int(found.nonce),
        signing_hash=prefixed(found.signing_hash),
        payer_signature=prefixed(found.payer_signature),
        created_at=now_text(),
    )
    return PaymentReceiptAnswer(receipt)


def _listed(row: PaymentIntent) -> ListedPayment:
    key = row.payer_public_key
    return answer(
        ListedPayment,
        row,
        x402_version=1,
        agent_key_id=key_id_number(row.agent_key_id),
        created_at_unix=int(row.created_at.timestamp()),
        nonce=int(row.nonce),
        signing_hash=prefixed(row.signing_hash),
        payer_signature=prefixed(row.payer_signature),
        payer_public_key=msgspec.UNSET if key is None else key.hex(),
        metadata=msgspec.Raw((row.metadata or "null").encode()),
    )
