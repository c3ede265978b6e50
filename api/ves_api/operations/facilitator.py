"""The facilitator of the public x402 standard: verify, settle, supported, discovery (x402 B5). What is wrong with a payment is an answer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ves.codec import I64_MAX
from ves_api.auth.permission import PUBLIC, Permission
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import Limit, NoInput, Parameters, number, text
from ves_api.times import zulu
from ves_api.x402.discovery import Pagination, ResourceList, told
from ves_api.x402.messages import FacilitatorRequest, Settlement, Supported, Verdict
from ves_edge.gen import aio

operation = Area("Facilitator").operation
_MERCHANT = Permission(words="write", rights=("write",))
_MOST_LISTED = 100


class ResourcePage(Parameters, kw_only=True, frozen=True):
    """A page of paid resources; a filter that is left out filters nothing."""

    type: Annotated[str | None, text("Protocol of the resource; only http is listed.")] = None
    pay_to: Annotated[str | None, text("Address of the payee.")] = msgspec.field(default=None, name="payTo")
    scheme: Annotated[str | None, text("Payment scheme; only exact is listed.")] = None
    network: Annotated[str | None, text("Network, in the spelling of the payment's version.")] = None
    extensions: Annotated[str | None, text("Extension that the entry carries: bazaar, or none.")] = None
    limit: Limit = 100
    offset: Annotated[int, number("How many resources to skip.", I64_MAX)] = 0


@operation(permission=_MERCHANT)
async def verify_exact_payment(context: Context, given: FacilitatorRequest) -> Verdict:
    """Verify a payment of the public x402 standard; nothing is stored or sent.

    The answer is 200 also when the payment is not valid.
    """
    return await context.services.facilitator.verify(context.identity.tenant_id, given)


@operation(permission=_MERCHANT)
async def settle_exact_payment(context: Context, given: FacilitatorRequest) -> Settlement:
    """Settle a payment of the public x402 standard; the same request again answers the same payment.

    The answer is 200 also when the payment fails. While its outcome is unknown, errorReason is settlement_pending.
    """
    return await context.services.facilitator.settle(context.identity.tenant_id, given)


@operation(permission=PUBLIC)
async def list_exact_kinds(context: Context, _given: NoInput) -> Supported:
    """List the versions, schemes and networks of payments that are settled here.

    The list is empty while this server settles nothing on a chain.
    """
    return await context.services.facilitator.supported()


@operation(permission=PUBLIC)
async def list_paid_resources(context: Context, given: ResourcePage) -> ResourceList:
    """List paid resources that their sellers declared discoverable, those paid last first.

    At most 100 of a page, and 5,000 in all.
    """
    limit = min(given.limit, _MOST_LISTED)
    rows = await aio.list_paid_resources(
        context.database,
        type=given.type,
        scheme=given.scheme,
        extension=given.extensions,
        network=given.network,
        payee_address=given.pay_to,
        max_rows=limit,
        skip_rows=given.offset,
    )
    items = [told(row.item, zulu(row.last_paid_at)) for row in rows if row.item and row.last_paid_at]
    return ResourceList(2, items, Pagination(limit, given.offset, rows[0].total))
