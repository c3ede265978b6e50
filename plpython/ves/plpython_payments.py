"""PL/Python adapter of `ves.payment_requests`."""

from __future__ import annotations

from typing import NamedTuple

from ves.payment_requests import check_request, decode_request, encode_rows, judge
from ves.plpython import registered_key
from ves.plpython_functions import Json, Server, UuidText, sql_function


class SubmittedPayment(NamedTuple):
    """The stream of a payment intent, and the argument of `ves.append_payment_intents` for it."""

    tenant_id: UuidText
    store_id: UuidText
    intents: Json


@sql_function("volatile strict parallel unsafe cost 50000")
def prepare_payment(plpy: Server, request: str) -> SubmittedPayment:
    """Decode a payment intent, hash it and verify its signature (x402 A6 steps 1 to 5, 7, 9, 10).

    Errors: VE001, VE002, VE007, VE717. What is wrong with hash, key or signature is the refusal of the intent.
    """
    decoded = decode_request(request.encode())
    check_request(decoded)
    key = None
    if decoded.payer_public_key is None:
        key = registered_key(plpy, decoded.tenant_id, decoded.agent_id, decoded.key_id)
    row = judge(decoded, None if key is None else key.public_key)
    return SubmittedPayment(str(decoded.tenant_id), str(decoded.store_id), encode_rows([row]))
