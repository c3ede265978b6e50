"""The settlement worker: parts of payment batches become transactions of the settlement contract (chain 8, x402 A10)."""

from __future__ import annotations

import time
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from web3 import Web3

from ves_contracts import calls
from ves_contracts.errors import revert_reason
from ves_edge.environment import SettingsError
from ves_edge.gen import aio
from ves_workers.chain import authorizations
from ves_workers.chain.authorizations import Authorizations
from ves_workers.chain.outcomes import read_outcome
from ves_workers.chain.rpc import DisagreementError, UnavailableError
from ves_workers.chain.signer import choose_signer
from ves_workers.chain.tokens import Tokens
from ves_workers.chain.worker import ChainWorker
from ves_workers.runtime.worker import next_poll

if TYPE_CHECKING:
    from web3.exceptions import ContractLogicError
    from web3.types import TxReceipt

    from ves_edge.gen.records import ChainTransaction, PaymentIntent, PaymentSettlement
    from ves_workers.chain.outcomes import Outcome
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

_KIND = "settlement"
# How often the database is asked for payments of the facilitator, and while one is in no block the node for its newest:
# the pause between two looks, and the longest one once there were none for _REST_SECS, because each look costs a system at rest
# a millisecond.
_LOOK_SECS, _MOST_LOOK_SECS, _REST_SECS = 0.05, 0.4, 5.0
# Of the assets of x402 A3 that a token can be; a token with other decimals would pay another sum.
_DECIMALS = {"usdc": 6, "usdt": 6, "ssusd": 6, "wssusd": 6, "dai": 18}
_DECIMALS_CALL = bytes.fromhex("313ce567")  # decimals()


class SettlementWorker(ChainWorker):
    """Settles parts of payment batches, and payments of the facilitator."""

    name = "settlement"
    lease = "x402_settlement"

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        chosen = settings.chain
        if not chosen.settles:
            raise SettingsError("L2_RPC_URL: the settlement worker needs it, and a signer")
        signer = choose_signer(chosen.settler_key_file, chosen.settler_signer_url)
        super().__init__(database, replace(chosen, recheck_secs=chosen.stuck_secs), signer, "chain_rpc")
        self._tokens = Tokens(self._chain)
        self._authorizations = Authorizations(database, self._outbox, self._tokens, chosen.log_blocks)
        self._assets: dict[str, str] = {}  # of the tokens that count as their asset does
        self._every, self._looked, self._worked = self.poll_seconds, -inf, -inf
        self.poll_seconds = self._least_look = min(self._every, _LOOK_SECS)

    async def is_due(self) -> bool:
        """Return True when the poll interval is over, or for what a caller of the facilitator waits for.

        That is a batch that has become due, and a new block while a young transaction is in none; and for failed payments
        that the last step had no time to look at. Raises ApiError, UnavailableError.
        """
        now = time.monotonic()
        if now - self._looked < self._every:
            if not self._lease.token:
                return False
            await self._lease.keep()
            has_new_block = self._outbox.is_awaited and await self._outbox.read_head() != self._outbox.head
            has_work = has_new_block or self._authorizations.has_rechecks
            if not has_work:
                has_work = bool(await self._authorizations.plan_batches(self._lease.token))
            if has_work or self._outbox.is_awaited:
                self._worked = now
            self.poll_seconds = next_poll(
                self._least_look,
                self.poll_seconds,
                min(self._every, _MOST_LOOK_SECS),
                found=now - self._worked < _REST_SECS,
            )
            if not has_work:
                return False
        self._looked = now
        return True

    async def plan(self, token: int) -> None:
        """Make transactions of the payments that are batched and of those that the facilitator has recorded."""
        await self._authorizations.plan(token)
        chain_id = self._chain.chain_id
        await aio.plan_settlements(self._db, lease_token=token, chain_id=chain_id)
        for part in await aio.list_unplanned_settlements(self._db, chain_id=chain_id):
            payments = await aio.list_settlement_payments(
                self._db, tenant_id=part.tenant_id, batch_id=part.batch_id, part=part.part
            )
            asset = payments[0].asset
            if self._assets.get(part.token_address) != asset:
                decimals = await self._read_decimals(part.token_address, asset)
                if decimals is None:
                    continue
                if decimals != _DECIMALS.get(asset):
                    await self._refuse(token, part, decimals)
                    continue
                self._assets[part.token_address] = asset
            target = (part.tenant_id, part.batch_id, part.part)
            await self._outbox.plan(_KIND, target, part.settlement_contract, _calldata(part, payments))

    async def _read_decimals(self, token: str, asset: str) -> int | None:
        """Return how a token counts (x402 T11), in a final block unless it is as the asset does; None while it does not answer."""
        if token.lower() in self._tokens.silent():
            return None
        await self._lease.keep()
        try:
            found = int.from_bytes(await self._tokens.read(token, _DECIMALS_CALL), "big")
            if found != _DECIMALS.get(asset):
                block, _ = await self._outbox.read_final()
                found = int.from_bytes(await self._tokens.read(token, _DECIMALS_CALL, block), "big")
        except (UnavailableError, DisagreementError) as error:
            self._log.warning("chain.token_not_read", token=token, error=str(error))
            return None
        return found

    async def _refuse(self, token: int, part: PaymentSettlement, decimals: int) -> None:
        """Fail payments that would move another sum than their payer signed (x402 T11)."""
        self._log.error("chain.token_has_other_decimals", token=part.token_address, decimals=decimals)
        await aio.refuse_settlement(
            self._db, lease_token=token, tenant_id=part.tenant_id, batch_id=part.batch_id, part=part.part,
            reason="Token has other decimals",
        )  # fmt: skip

    async def outcome(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return the outcome of each intent, from the contract's logs or, where they say nothing, from its state."""
        if row.kind == authorizations.KIND:
            return await self._authorizations.outcome(self._lease.token, row, receipt)
        payments = await self._payments(row)
        return await read_outcome(self._chain, row, receipt, [it.intent_id for it in payments])

    async def reverted(self, row: ChainTransaction) -> None:
        """Record a payment of the facilitator as made if somebody else has made it with its authorization."""
        if row.kind == authorizations.KIND:
            await self._authorizations.reverted(self._lease.token, row)

    async def size(self, row: ChainTransaction) -> int:
        """Return how many payments the call makes."""
        if row.kind == authorizations.KIND:
            return len(await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id))
        return len(await self._payments(row))

    async def _payments(self, row: ChainTransaction) -> list[PaymentIntent]:
        return await aio.list_settlement_payments(
            self._db, tenant_id=row.tenant_id, batch_id=row.reference_id, part=row.part
        )

    async def mined(self, row: ChainTransaction, receipt: TxReceipt) -> None:
        """Confirm payments of the facilitator; intents wait for finality."""
        if row.kind == authorizations.KIND:
            await self._authorizations.confirm(self._lease.token, row, receipt)

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
