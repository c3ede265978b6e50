"""What resource servers send to a facilitator and what it answers (x402 B2, B3, B5).

Every request is answered: what is wrong with a payment is a `PaymentError`, whose reason is one of the standard's.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ves_contracts import eip712
from ves_paywall.terms import EIP155, SCHEME, V1_NETWORKS

T = TypeVar("T")

UINT128_MAX = (1 << 128) - 1
_UINT256_MAX = (1 << 256) - 1
_DIGITS = re.compile(r"[0-9]{1,78}")
_CHAIN = re.compile(r"[1-9][0-9]{0,31}")  # one spelling for each chain, as long as CAIP-2 lets it be
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NONCE = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){1,4096})")
_PAYMENT_ID = re.compile(r"[A-Za-z0-9_-]{16,128}")
_MOST_URL = 4096


class FacilitatorRequest(msgspec.Struct, rename="camel"):
    """A payment and what it is for; the members depend on the version (1 or 2).

    `deliveryId`, ours and optional, names the response that the payment buys: no other one can be settled with it.
    """

    x402_version: int
    payment_payload: dict[str, Any]
    payment_requirements: dict[str, Any]
    delivery_id: uuid.UUID | None = None


class Verdict(msgspec.Struct, rename="camel", omit_defaults=True):
    """Whether a payment could be settled now; `invalidReason` says why not."""

    is_valid: bool
    payer: str | None = None
    invalid_reason: str | None = None
    invalid_message: str | None = None


class Settlement(msgspec.Struct, rename="camel", omit_defaults=True):
    """What came of a payment. `errorReason` settlement_pending: not known yet, and the same request will answer it."""

    success: bool
    transaction: str
    network: str
    payer: str | None = None
    amount: str | None = None
    error_reason: str | None = None
    error_message: str | None = None


class SupportedKind(msgspec.Struct, rename="camel", omit_defaults=True):
    """One version, scheme and network that are settled here."""

    x402_version: int
    scheme: str
    network: str


class Supported(msgspec.Struct):
    """What is settled here; `signers` are the accounts that send transactions, by CAIP-2 pattern."""

    kinds: list[SupportedKind]
    extensions: list[str]
    signers: dict[str, list[str]]


class _Authorization(msgspec.Struct, rename="camel"):
    payer: str = msgspec.field(name="from")
    to: str
    value: str
    valid_after: str
    valid_before: str
    nonce: str


class _Exact(msgspec.Struct):
    authorization: _Authorization
    signature: str


class _Requirements(msgspec.Struct, rename="camel"):
    scheme: str
    network: str
    asset: str
    pay_to: str
    amount: str
    max_timeout_seconds: Annotated[int, msgspec.Meta(ge=0)]
    extra: dict[str, Any] | None = None
    resource: Any = None  # version 1


class _Chosen(msgspec.Struct):
    scheme: str
    network: str


class _Resource(msgspec.Struct):
    url: Any = None


class _PayloadV1(msgspec.Struct, rename="camel"):
    x402_version: Literal[1]
    scheme: str
    network: str
    payload: dict[str, Any]


class _PayloadV2(msgspec.Struct, rename="camel"):
    x402_version: Literal[2]
    accepted: _Chosen
    payload: dict[str, Any]
    resource: _Resource | None = None
    extensions: dict[str, Any] | None = None


class PaymentError(Exception):
    """A payment is not acceptable; `reason` is the standard's word."""

    def __init__(self, reason: str, message: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of the scheme, as read: `network` in the spelling that answers repeat; the signature is not verified."""

    network: str
    token: eip712.Token
    transfer: eip712.Transfer
    digest: bytes  # what the payer signed
    signature: bytes  # without the wrapper of ERC-6492
    is_deploying: bool  # the wrapper would deploy the payer
    max_timeout: int
    payment_id: str | None
    resource: str | None


def payer_of(given: FacilitatorRequest) -> str | None:
    """The payer that a request names, however wrong the rest of it is."""
    inner = given.payment_payload.get("payload")
    authorization = inner.get("authorization") if isinstance(inner, dict) else None
    payer = authorization.get("from") if isinstance(authorization, dict) else None
    return payer if isinstance(payer, str) and _ADDRESS.fullmatch(payer) else None


def network_of(given: FacilitatorRequest) -> str:
    """The network that a request names, for the answer; empty when it names none."""
    network = given.payment_requirements.get("network")
    return network if isinstance(network, str) else ""


def read_payment(given: FacilitatorRequest, chain_id: int) -> Payment:
    """Read a request and judge what needs no clock, signature or chain, in the standard's order (x402 B5). Raises PaymentError."""
    required, chosen, inner, payment_id, resource = _by_version(given)
    if SCHEME not in {required.scheme} & {chosen.scheme}:
        raise PaymentError("unsupported_scheme")
    if chosen.network != required.network:
        raise PaymentError("network_mismatch")
    if chain_id_of(required.network, given.x402_version) != chain_id:
        raise PaymentError("invalid_network", "payments of this network are not settled here")
    token = _token(required, chain_id)
    exact = _convert(inner, _Exact, "invalid_payload")
    amount = _number(required.amount, "invalid_payment_requirements", "amount")
    if not 1 <= amount <= UINT128_MAX:
        raise PaymentError("invalid_payment_requirements", "the amount must be 1 to 2^128-1")
    transfer = _transfer(exact.authorization)
    if transfer.payee.lower() != required.pay_to.lower():
        raise PaymentError("invalid_exact_evm_payload_recipient_mismatch")
    if transfer.payee.lower() == transfer.payer.lower():
        # The contract takes a payment as made when the payee's balance has grown.
        raise PaymentError("invalid_payload", "the payer is the payee")
    if transfer.value != amount:
        raise PaymentError("invalid_exact_evm_payload_authorization_value_mismatch")
    signature, is_deploying = _signature(exact.signature)
    return Payment(
        network=required.network,
        token=token,
        transfer=transfer,
        digest=eip712.digest(eip712.transfer_data(token, transfer)),
        signature=signature,
        is_deploying=is_deploying,
        max_timeout=required.max_timeout_seconds,
        payment_id=payment_id,
        resource=resource,
    )


def _token(required: _Requirements, chain_id: int) -> eip712.Token:
    extra = required.extra or {}
    name, version = extra.get("name"), extra.get("version")
    if not (isinstance(name, str) and name and isinstance(version, str) and version):
        raise PaymentError("missing_eip712_domain")
    if extra.get("assetTransferMethod", "eip3009") != "eip3009":
        raise PaymentError("unsupported_scheme", "only EIP-3009 transfers are settled here")
    if not (_ADDRESS.fullmatch(required.asset) and _ADDRESS.fullmatch(required.pay_to)):
        raise PaymentError("invalid_payment_requirements", "asset and payTo must be addresses")
    return eip712.Token(name, version, chain_id, required.asset)


# A transaction needs time to be mined before the authorization ends.
_LEAST_SECONDS = 6


def judge_times(transfer: eip712.Transfer, now: int) -> None:
    """Whether an authorization can be settled at this time, in unix seconds. Raises PaymentError."""
    if transfer.valid_before < now + _LEAST_SECONDS:
        raise PaymentError("invalid_exact_evm_payload_authorization_valid_before")
    if transfer.valid_after > now:
        raise PaymentError("invalid_exact_evm_payload_authorization_valid_after")


def chain_id_of(network: str, version: int) -> int | None:
    """The chain of a network in a version's spelling; None for one that is none."""
    if version == 1:
        return V1_NETWORKS.get(network)
    reference = network.removeprefix(EIP155)
    return int(reference) if reference != network and _CHAIN.fullmatch(reference) else None


def _by_version(
    given: FacilitatorRequest,
) -> tuple[_Requirements, _Chosen | _PayloadV1, dict[str, Any], str | None, str | None]:
    """Requirements, what names scheme and network, the scheme's payload, payment identifier, resource."""
    if given.x402_version == 1:
        v1 = _convert(given.payment_payload, _PayloadV1, "invalid_payload")
        spelled = dict(given.payment_requirements)
        spelled["amount"] = spelled.pop("maxAmountRequired", None)
        required = _convert(spelled, _Requirements, "invalid_payment_requirements")
        return required, v1, v1.payload, None, _url(required.resource)
    if given.x402_version != 2:  # noqa: PLR2004 (the standard's version)
        raise PaymentError("invalid_x402_version")
    v2 = _convert(given.payment_payload, _PayloadV2, "invalid_payload")
    required = _convert(given.payment_requirements, _Requirements, "invalid_payment_requirements")
    url = None if v2.resource is None else v2.resource.url
    return required, v2.accepted, v2.payload, _payment_id(v2.extensions), _url(url)


def _url(text: Any) -> str | None:
    """A URL that can be stored; a resource only describes a payment, so a strange one refuses nothing."""
    return text if isinstance(text, str) and "\0" not in text and len(text) <= _MOST_URL else None


def _payment_id(extensions: dict[str, Any] | None) -> str | None:
    """The id of the extension payment-identifier; None without it."""
    declared = (extensions or {}).get("payment-identifier")
    info = declared.get("info", declared) if isinstance(declared, dict) else None
    found = info.get("id") if isinstance(info, dict) else None
    if found is None:
        return None
    if not isinstance(found, str) or not _PAYMENT_ID.fullmatch(found):
        raise PaymentError("invalid_payload", "the payment identifier must be 16 to 128 of A-Z a-z 0-9 _ -")
    return found


def _transfer(sent: _Authorization) -> eip712.Transfer:
    if not (_ADDRESS.fullmatch(sent.payer) and _ADDRESS.fullmatch(sent.to) and _NONCE.fullmatch(sent.nonce)):
        raise PaymentError("invalid_payload", "from and to must be addresses, the nonce 32 bytes")
    value, after, before = (
        _number(text, "invalid_payload", name)
        for name, text in (
            ("value", sent.value),
            ("validAfter", sent.valid_after),
            ("validBefore", sent.valid_before),
        )
    )
    return eip712.Transfer(sent.payer, sent.to, value, after, before, bytes.fromhex(sent.nonce[2:]))


def _signature(text: str) -> tuple[bytes, bool]:
    """A signature without the wrapper of ERC-6492, and whether that would deploy the payer."""
    found = _HEX.fullmatch(text)
    if found is None:
        raise PaymentError("invalid_exact_evm_payload_signature", "the signature is not hex")
    try:
        return eip712.unwrap(bytes.fromhex(found[1]))
    except ValueError:
        raise PaymentError(
            "invalid_exact_evm_payload_signature", "the wrapper of ERC-6492 is malformed"
        ) from None


def _number(text: str, reason: str, name: str) -> int:
    number = int(text) if _DIGITS.fullmatch(text) else -1
    if not 0 <= number <= _UINT256_MAX:
        raise PaymentError(reason, f"{name} must be decimal digits below 2^256")
    return number


def _convert(value: Any, kind: type[T], reason: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise PaymentError(reason, str(error)) from None
