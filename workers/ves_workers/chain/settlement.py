"""The settlement worker: parts of payment batches become transactions of the settlement contract (chain 8, x402 A10).

Any number may run; the one that holds the lease x402_settlement works, the others look again.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from web3 import Web3

from ves_contracts import calls
from ves_contracts.errors import revert_reason
from ves_edge.environment import SettingsError
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_workers.chain import authorizations
from ves_workers.chain.authorizations import Authorizations
from ves_workers.chain.outbox import Outbox
from ves_workers.chain.outcomes import read_outcome
from ves_workers.chain.rpc import Chain
from ves_workers.chain.signer import settler

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from web3.exceptions import ContractLogicError
    from web3.types import TxReceipt

    from ves_edge.gen.records import ChainTransaction, PaymentIntent, PaymentSettlement
    from ves_workers.chain.outcomes import Outcome
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.runtime.settings import Settings

LEASE = "x402_settlement"
_LEASE_SECS = 30
_KIND = "settlement"


class SettlementWorker:
    """Each step plans what is batched and takes every open transaction one step further."""

    name = "settlement"

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        chosen = settings.chain
        if not chosen.settles:
            raise SettingsError("L2_RPC_URL: the settlement worker needs it, and a signer")
        self._db = database
        self._chain = Chain(chosen.urls, chosen.chain_id, chosen.quorum, chosen.timeout_secs)
        self._outbox = Outbox(database, self._chain, settler(chosen), chosen, LEASE, self)
        self._authorizations = Authorizations(database, self._outbox)
        self._holder = f"{socket.gethostname()}/{os.getpid()}"
        self._token: int | None = None
        self._is_open = False
        self.poll_seconds = chosen.poll_ms / 1000

    def counters(self) -> Mapping[str, int]:
        """Return what was signed, replaced with higher fees, final, reverted and taken back by reorgs since the start."""
        return self._outbox.totals

    async def close(self) -> None:
        """Give the lease back and close the connections."""
        if self._token is not None:
            await aio.release_lease(self._db, name=LEASE, token=self._token)
        await self._chain.close()
        await self._db.close()

    async def step(self) -> bool:
        """Plan and advance; False, because what comes next depends on the chain's time."""
        try:
            if not await self._has_lease():
                return False
            await self._plan()
            await self._outbox.advance()
        except ApiError as error:
            if error.name == "lease_lost":
                self._token = None
            raise
        return False

    async def _has_lease(self) -> bool:
        if self._token is not None:
            await aio.renew_lease(self._db, name=LEASE, token=self._token, seconds=_LEASE_SECS)
        else:
            self._is_open = False
            self._token = await aio.claim_lease(
                self._db, name=LEASE, holder=self._holder, seconds=_LEASE_SECS
            )
        if self._token is None:
            return False
        if not self._is_open:
            await self._outbox.open(self._token)
            self._is_open = True
        return True

    async def _plan(self) -> None:
        await self._authorizations.plan(self._token or 0)
        await aio.plan_settlements(self._db, lease_token=self._token or 0)
        for part in await aio.list_open_settlements(self._db):
            if part.status == "prepared" and part.chain_id == self._chain.chain_id:
                payments = await aio.list_settlement_payments(
                    self._db, tenant_id=part.tenant_id, batch_id=part.batch_id, part=part.part
                )
                target = (part.tenant_id, part.batch_id, part.part)
                await self._outbox.plan(_KIND, target, part.settlement_contract, _calldata(part, payments))

    async def outcome(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return the outcome of each intent, from the contract's logs alone."""
        if row.kind == authorizations.KIND:
            return await self._authorizations.outcome(self._token or 0, row, receipt)
        return await read_outcome(self._chain, row, receipt, lambda: self._intent_ids(row))

    async def mined(self, row: ChainTransaction, receipt: TxReceipt) -> None:
        """Confirm payments of the facilitator; intents wait for finality."""
        if row.kind == authorizations.KIND:
            await self._authorizations.confirm(self._token or 0, row, receipt)

    async def _intent_ids(self, row: ChainTransaction) -> list[UUID]:
        payments = await aio.list_settlement_payments(
            self._db, tenant_id=row.tenant_id, batch_id=row.reference_id, part=row.part
        )
        return [payment.intent_id for payment in payments]

    def reason(self, error: ContractLogicError) -> str:
        """Return the name of the contract's error."""
        return revert_reason("PaymentSettlement", error.data, str(error))


def _calldata(part: PaymentSettlement, payments: list[PaymentIntent]) -> bytes:
    batch = calls.Batch(
        batch_id=calls.part_id(part.batch_id, part.part),
        merkle_root=part.merkle_root,
        stream_key=calls.stream_key(part.tenant_id, part.store_id),
        sequence_start=part.sequence_start,
        sequence_end=part.sequence_end,
    )
    return calls.settle_batch(batch, [_payment(payment, part.token_address) for payment in payments])


def _payment(payment: PaymentIntent, token: str) -> calls.PaymentIntent:
    return calls.PaymentIntent(
        intent_id=calls.uuid_word(payment.intent_id),
        payer=Web3.to_checksum_address(payment.payer_address),
        payee=Web3.to_checksum_address(payment.payee_address),
        amount=payment.amount,
        token=Web3.to_checksum_address(token),
        nonce=int(payment.nonce),
        valid_until=payment.valid_until,
        signing_hash=payment.signing_hash,
    )
