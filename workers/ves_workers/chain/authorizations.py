"""EIP-3009 payments of the facilitator: batches across tenants become calls of settleAuthorizations (x402 part C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from web3 import Web3

from ves_contracts import calls
from ves_edge.gen import aio
from ves_workers.chain.outcomes import NOT_TOLD, read_outcome
from ves_workers.chain.rpc import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3.types import LogReceipt, TxReceipt

    from ves_edge.gen.records import ChainTransaction, ExactPayment, ListOpenExactBatchesRow
    from ves_workers.chain.outbox import Outbox
    from ves_workers.chain.outcomes import Outcome
    from ves_workers.runtime.database import WorkerDatabase

KIND = "authorizations"
_NIL = UUID(int=0)
# Reasons under which the authorization may have been used by somebody else.
_USED = ("Nonce already used", NOT_TOLD)
# Nodes answer for 10,000 blocks at most; in all, about five days of blocks of two seconds.
_WINDOW_BLOCKS, _WINDOWS = 9_000, 24


class Authorizations:
    """Plans what the facilitator has recorded, and reads what became of it out of logs."""

    def __init__(self, database: WorkerDatabase, outbox: Outbox) -> None:
        self._db, self._outbox = database, outbox

    async def plan_batches(self, token: int) -> int:
        """Make batches of the recorded payments that are due; how many are new. Raises ApiError."""
        return await aio.plan_exact_batches(self._db, lease_token=token, chain_id=self._outbox.chain.chain_id)

    async def plan(self, token: int) -> None:
        """Make batches of recorded payments and put their calls into the outbox."""
        chain_id = self._outbox.chain.chain_id
        await self.plan_batches(token)
        for batch in await aio.list_open_exact_batches(self._db, chain_id=chain_id):
            if batch.status == "prepared":
                payments = await aio.list_exact_batch_payments(self._db, batch_id=batch.batch_id)
                target = (_NIL, batch.batch_id, 0)
                await self._outbox.plan(KIND, target, batch.settlement_contract, _calldata(batch, payments))

    async def confirm(self, token: int, row: ChainTransaction, receipt: TxReceipt) -> None:
        """Record which payments a mined transaction has made, so that their callers need not wait for finality."""
        outcome = await self._read(row, receipt)
        await aio.confirm_exact_payments(
            self._db, lease_token=token, batch_id=row.reference_id,
            tx_hash="0x" + bytes(receipt["transactionHash"]).hex(), payment_ids=outcome.settled,
        )  # fmt: skip

    async def outcome(self, token: int, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return the outcome of each payment.

        Left out: payments that somebody else made with the same authorization, which are recorded here.
        """
        outcome = await self._read(row, receipt)
        if not outcome.failed:
            return outcome
        for payment in await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id):
            if outcome.failed.get(payment.payment_id) not in _USED:
                continue
            if payment.status == "settled" or await self._credit_another(
                token, payment, row, receipt["blockNumber"]
            ):
                del outcome.failed[payment.payment_id]
        return outcome

    async def reverted(self, token: int, row: ChainTransaction, final_block: int) -> None:
        """Look for what somebody else made of a payment whose own call has reverted: it may be told as failed now.

        Raises UnavailableError while a use of its authorization is in a block that may be replaced.
        """
        payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
        if len(payments) != 1 or payments[0].status == "settled":
            return  # planned again in halves, so nothing is told; or a step before this one has found it
        [payment] = payments
        chain = self._outbox.chain
        state = calls.authorization_state(payment.payer_address, payment.nonce)
        if not any(await chain.read(payment.token_address, state)):
            return
        if not any(await chain.read(payment.token_address, state, final_block)):
            raise UnavailableError("somebody has used the authorization in a block that is not final")
        await self._credit_another(token, payment, row, final_block)

    async def _credit_another(
        self, token: int, payment: ExactPayment, row: ChainTransaction, last: int
    ) -> bool:
        """Record a payment as made if a transaction of block `last` or before, not ours, has made it."""
        tx_hash = await self._made_by_another(payment, last)
        if tx_hash is None:
            return False
        await aio.confirm_exact_payments(
            self._db, lease_token=token, batch_id=row.reference_id, tx_hash=tx_hash,
            payment_ids=[payment.payment_id], is_final=True,
        )  # fmt: skip
        return True

    async def _read(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
        return await read_outcome(self._outbox.chain, row, receipt, [it.payment_id for it in payments])

    async def _made_by_another(self, payment: ExactPayment, last: int) -> str | None:
        """Return the transaction, of block `last` or before, that used the authorization to pay what it says."""
        chain, token = self._outbox.chain, Web3.to_checksum_address(payment.token_address)
        topics = [calls.AUTHORIZATION_USED, calls.address_word(payment.payer_address), payment.nonce]
        for _ in range(_WINDOWS):
            first = max(0, last - _WINDOW_BLOCKS + 1)
            span: Any = {"address": token, "topics": topics, "fromBlock": first, "toBlock": last}
            logs = await chain.agreed(lambda w3, s=span: w3.eth.get_logs(s), key=_places)  # type: ignore[misc]
            if logs:
                tx_hash = logs[0]["transactionHash"]
                receipt = await chain.agreed(
                    lambda w3, h=tx_hash: w3.eth.get_transaction_receipt(h),  # type: ignore[misc]
                    key=lambda found: _places(found["logs"]),
                )
                has_paid = calls.has_moved(
                    receipt["logs"], logs[0], payment.payee_address, int(payment.amount)
                )
                return "0x" + bytes(tx_hash).hex() if has_paid else None
            if first == 0:
                return None
            last = first - 1
        return None


def _places(logs: Sequence[LogReceipt]) -> str:
    return repr([(log["blockHash"], log["logIndex"], list(log["topics"]), log["data"]) for log in logs])


def _calldata(batch: ListOpenExactBatchesRow, payments: list[ExactPayment]) -> bytes:
    # The batch spans streams, so the contract's stream key and range say nothing but the count.
    head = calls.Batch(calls.uuid_word(batch.batch_id), batch.merkle_root, bytes(32), 1, len(payments))
    return calls.settle_authorizations(head, [_authorization(payment) for payment in payments])


def _authorization(payment: ExactPayment) -> calls.Authorization:
    return calls.Authorization(
        intent_id=calls.uuid_word(payment.payment_id),
        payer=Web3.to_checksum_address(payment.payer_address),
        payee=Web3.to_checksum_address(payment.payee_address),
        value=int(payment.amount),
        token=Web3.to_checksum_address(payment.token_address),
        valid_after=int(payment.valid_after),
        valid_before=int(payment.valid_before),
        nonce=payment.nonce,
        signature=payment.signature,
    )
