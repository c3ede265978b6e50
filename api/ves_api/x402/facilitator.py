"""Verdicts on payments and their settlement (x402 B5, part C)."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ves_api.x402 import chain as calls
from ves_api.x402.chain import ChainUnreachableError
from ves_api.x402.discovery import BAZAAR, read_listing
from ves_api.x402.messages import (
    PaymentError,
    Settlement,
    Supported,
    SupportedKind,
    Verdict,
    judge_times,
    network_of,
    payer_of,
    read_payment,
)
from ves_api.x402.outcomes import Outcomes
from ves_contracts import eip712
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_paywall.terms import EIP155, SCHEME, V1_NETWORKS

if TYPE_CHECKING:
    import uuid

    from ves_api.database import Database
    from ves_api.x402.chain import ChainReads
    from ves_api.x402.messages import FacilitatorRequest, Payment
    from ves_edge.gen.records import ExactPayment, JudgeExactPaymentRow

_DAY = 86_400
_USED = "invalid_exact_evm_nonce_already_used"
_REFUSALS = {
    "nonce_used": (_USED, None),
    "idempotency_conflict": ("invalid_payload", "the payment identifier names another payment"),
}


class Facilitator:
    """Owned by one event loop. Without a chain it supports nothing and refuses every payment."""

    def __init__(self, database: Database, chain: ChainReads | None, patience: float) -> None:
        self._database = database
        self._chain = chain
        self._patience = patience
        self._outcomes = Outcomes(database)
        if chain is not None:
            eip712.prepare()

    async def close(self) -> None:
        """Close the connections to the chain."""
        if self._chain is not None:
            await self._chain.close()

    async def supported(self) -> Supported:
        """What is settled here. Raises ApiError."""
        kinds, signers = [], {}
        if self._chain is not None:
            chain_id = self._chain.chain_id
            for row in await aio.get_exact_network(self._database, chain_id=chain_id):
                kinds = [SupportedKind(2, SCHEME, f"{EIP155}{chain_id}")]
                kinds += [SupportedKind(1, SCHEME, name) for name, n in V1_NETWORKS.items() if n == chain_id]
                signers = {f"{EIP155}*": row.senders}
        return Supported(kinds, ["payment-identifier", BAZAAR], signers)

    async def verify(self, tenant_id: uuid.UUID, given: FacilitatorRequest) -> Verdict:
        """Whether a payment could be settled now; changes nothing. Raises ApiError when the database fails."""
        payer = payer_of(given)
        try:
            payment = self._read(given)
            stored = await self._stored(payment)
            if stored.status is None:
                await self._judge(tenant_id, payment, stored)
        except PaymentError as error:
            return Verdict(False, payer, error.reason, error.message)
        except ChainUnreachableError:
            return Verdict(False, payer, "unexpected_verify_error", "the chain cannot be read at the moment")
        # An authorization that was recorded for settlement is used, whatever the chain knows of it yet.
        return Verdict(True, payer) if stored.status is None else Verdict(False, payer, _USED)

    async def settle(self, tenant_id: uuid.UUID, given: FacilitatorRequest) -> Settlement:
        """Record a payment and wait for its outcome; the same request again answers the same payment.

        A failure is told only when it is certain that no money will move. Raises ApiError when the database fails.
        """
        refused = Settlement(False, "", network_of(given), payer_of(given))
        try:
            payment = self._read(given)
            recorded = await self._record(tenant_id, payment, given.delivery_id)
        except PaymentError as error:
            refused.error_reason, refused.error_message = error.reason, error.message
            return refused
        except ChainUnreachableError:
            refused.error_reason = "unexpected_settle_error"
            refused.error_message = "the chain cannot be read at the moment; nothing was sent"
            return refused
        patience = min(self._patience, max(payment.max_timeout, 1))
        outcome = await self._outcomes.wait(recorded, patience)
        told = _settlement(outcome, payment)
        if outcome.status == "failed" and await self._may_be_made(tenant_id, outcome, payment):
            return _pending(told)
        if told.success:
            # The money has moved, whatever becomes of the entry; the next payment writes it.
            with contextlib.suppress(ApiError):
                await self._list(tenant_id, payment, given)
        return told

    async def _may_be_made(self, tenant_id: uuid.UUID, stored: ExactPayment, payment: Payment) -> bool:
        """Whether somebody else may have made a payment that failed: the payer has the authorization too, and can use it until it ends.

        The worker finds out when the block of that use is final.
        """
        if not _can_be_used(stored):
            return False
        chain, transfer = self._chain, payment.transfer
        assert chain is not None  # noqa: S101 - `_read` has refused
        with contextlib.suppress(ChainUnreachableError):
            [used] = await chain.call(
                (payment.token.address, calls.state_call(transfer.payer, transfer.nonce)), turn=tenant_id
            )
            if not calls.read_number(used):
                return False
        return await aio.recheck_exact_payment(self._database, payment_id=stored.payment_id)

    async def _list(self, tenant_id: uuid.UUID, payment: Payment, given: FacilitatorRequest) -> None:
        listing = read_listing(given)
        if listing is not None:
            await aio.record_paid_resource(
                self._database,
                tenant_id=tenant_id,
                origin=listing.origin,
                resource=listing.resource,
                method=listing.method,
                x402_version=given.x402_version,
                network=payment.network,
                payee_address=payment.transfer.payee,
                item=listing.item,
            )

    def _read(self, given: FacilitatorRequest) -> Payment:
        if self._chain is None:
            raise PaymentError("invalid_network", "this server settles nothing on a chain")
        return read_payment(given, self._chain.chain_id)

    async def _stored(self, payment: Payment) -> JudgeExactPaymentRow:
        [row] = await aio.judge_exact_payment(
            self._database,
            chain_id=payment.token.chain_id,
            token_address=payment.token.address,
            payer_address=payment.transfer.payer,
            nonce=payment.transfer.nonce,
        )
        return row

    async def _record(
        self, tenant_id: uuid.UUID, payment: Payment, delivery_id: uuid.UUID | None
    ) -> ExactPayment:
        stored = await self._stored(payment)
        if stored.status is None:
            try:
                await self._judge(tenant_id, payment, stored)
            except PaymentError:
                # The same request, in progress beside this one, may have recorded and even paid it since.
                if (await self._stored(payment)).status is None:
                    raise
        transfer = payment.transfer
        try:
            return await aio.record_exact_payment(
                self._database,
                tenant_id=tenant_id,
                chain_id=payment.token.chain_id,
                settlement_contract=stored.settlement_contract or "",
                token_address=payment.token.address,
                payer_address=transfer.payer,
                payee_address=transfer.payee,
                amount=str(transfer.value),
                valid_after=str(transfer.valid_after),
                valid_before=str(transfer.valid_before),
                nonce=transfer.nonce,
                signature=eip712.canonical_signature(payment.signature) or payment.signature,
                digest=payment.digest,
                payment_identifier=payment.payment_id,
                resource=payment.resource,
                delivery_id=delivery_id,
            )
        except ApiError as error:
            if error.name not in _REFUSALS:
                raise
            raise PaymentError(*_REFUSALS[error.name]) from None

    async def _judge(self, tenant_id: uuid.UUID, payment: Payment, stored: JudgeExactPaymentRow) -> None:
        """Clock, signature, and the chain as it is now. Raises PaymentError, ChainUnreachableError."""
        judge_times(payment.transfer, int(time.time()))
        contract = stored.settlement_contract
        if contract is None:
            raise PaymentError("invalid_payment_requirements", "the asset is not settled here")
        chain = self._chain
        assert chain is not None  # noqa: S101 - `_read` has refused
        payer, signature = payment.transfer.payer, payment.signature
        is_signed = eip712.signer(payment.digest, signature) == payer.lower()
        if not is_signed and not await chain.has_code(payer, turn=tenant_id):
            is_account = len(signature) == eip712.SIGNATURE_BYTES and not payment.is_deploying
            raise PaymentError(
                "invalid_exact_evm_payload_" + ("signature" if is_account else "undeployed_smart_wallet")
            )
        signature = eip712.canonical_signature(signature) or signature
        config, paused, transfer = await chain.call(
            (contract, calls.asset_call(payment.token.address)),
            (contract, calls.PAUSED_CALL),
            (payment.token.address, calls.transfer_call(payment.transfer, signature)),
            turn=tenant_id,
            sender=contract,
        )
        _judge_asset(config, payment.transfer.value)
        if calls.read_number(paused):
            raise PaymentError("invalid_transaction_state", "settlement is paused")
        if transfer is None:
            raise PaymentError(await self._why(tenant_id, payment, chain))

    async def _why(self, tenant_id: uuid.UUID, payment: Payment, chain: ChainReads) -> str:
        """The standard's word for a transfer that the token refuses."""
        token, transfer = payment.token, payment.transfer
        used, balance, name, version = await chain.call(
            (token.address, calls.state_call(transfer.payer, transfer.nonce)),
            (token.address, calls.balance_call(transfer.payer)),
            (token.address, calls.NAME_CALL),
            (token.address, calls.VERSION_CALL),
            turn=tenant_id,
        )
        if used is None:
            return "invalid_exact_evm_eip3009_not_supported"
        if calls.read_number(used):
            return _USED
        if calls.read_text(name) not in {None, token.name}:
            return "invalid_exact_evm_token_name_mismatch"
        if calls.read_text(version) not in {None, token.version}:
            return "invalid_exact_evm_token_version_mismatch"
        if (calls.read_number(balance) or 0) < transfer.value:
            return "invalid_exact_evm_insufficient_balance"
        return "invalid_exact_evm_transaction_simulation_failed"


def _judge_asset(config: bytes | None, value: int) -> None:
    """Whether the settlement contract pays this amount of the token now (getAssetConfig). Raises PaymentError."""
    enabled, least, most, daily, volume, since = (calls.read_number(config, n) or 0 for n in range(6))
    if not enabled:
        raise PaymentError("invalid_payment_requirements", "the asset is not settled here")
    if not least <= value <= most:
        raise PaymentError("invalid_payment_requirements", f"the amount must be {least} to {most}")
    if value + (volume if time.time() < since + _DAY else 0) > daily:
        raise PaymentError("invalid_transaction_state", "the token's daily limit is reached")


def _settlement(payment: ExactPayment, asked: Payment) -> Settlement:
    told = Settlement(False, payment.tx_hash or "", asked.network, asked.transfer.payer)
    if payment.status in {"confirmed", "settled"}:
        told.success, told.amount = True, payment.amount
    elif payment.status == "failed":
        told.error_reason = payment.reason
        if _can_be_used(payment):
            told.error_message = (
                f"nothing more is sent; the authorization can be used until {asked.transfer.valid_before}"
            )
    else:
        _pending(told)
    return told


def _can_be_used(failed: ExactPayment) -> bool:
    """Whether somebody else may still use the authorization of a failed payment: nobody has."""
    return failed.reason != _USED


def _pending(told: Settlement) -> Settlement:
    told.error_reason = "settlement_pending"
    told.error_message = "the outcome is not known yet; the same request will answer it"
    return told
