"""The facilitator of the public x402 standard: verify, settle, supported (x402 B5). What is wrong with a payment is an answer."""

from __future__ import annotations

from ves_api.auth.permission import PUBLIC, Permission
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import NoInput
from ves_api.x402.messages import FacilitatorRequest, Settlement, Supported, Verdict

operation = Area("Facilitator").operation
_MERCHANT = Permission(words="write", rights=("write",))


@operation(permission=_MERCHANT)
async def verify_exact_payment(context: Context, given: FacilitatorRequest) -> Verdict:
    """Verify a payment of the public x402 standard; nothing is stored or sent.

    The answer is 200 also when the payment is not valid.
    """
    return await context.services.facilitator.verify(given)


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
