"""EIP-3009 payments of the facilitator: batches across tenants become calls of settleAuthorizations (x402 part C)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from web3 import Web3

from ves_contracts import calls
from ves_edge.gen import aio
from ves_workers.chain.outbox import Outcome

if TYPE_CHECKING:
    from web3.types import TxReceipt

    from ves_edge.gen.records import ChainTransaction, ExactPayment, ListOpenExactBatchesRow
    from ves_workers.chain.outbox import Outbox
    from ves_workers.runtime.database import WorkerDatabase

KIND = "authorizations"
_NIL = UUID(int=0)


class Authorizations:
    """Plans what the facilitator has recorded, and reads what became of it out of logs."""

    def __init__(self, database: WorkerDatabase, outbox: Outbox) -> None:
        self._db, self._outbox = database, outbox

    async def plan(self, token: int) -> None:
        """Make batches of recorded payments and put their calls into the outbox."""
        chain_id = self._outbox.chain.chain_id
        await aio.plan_exact_batches(self._db, lease_token=token, chain_id=chain_id)
        for batch in await aio.list_open_exact_batches(self._db, chain_id=chain_id):
            if batch.status == "prepared":
                payments = await aio.list_exact_batch_payments(self._db, batch_id=batch.batch_id)
                target = (_NIL, batch.batch_id, 0)
                await self._outbox.plan(KIND, target, batch.settlement_contract, _calldata(batch, payments))

    async def confirm(self, token: int, row: ChainTransaction, receipt: TxReceipt) -> None:
        """Record which payments a mined transaction has made, so that their callers need not wait for finality."""
        outcome = await self.outcome(row, receipt)
        await aio.confirm_exact_payments(
            self._db, lease_token=token, batch_id=row.reference_id,
            tx_hash="0x" + bytes(receipt["transactionHash"]).hex(), payment_ids=outcome.settled,
        )  # fmt: skip

    async def outcome(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return the outcome of each payment, from the contract's logs; of a repeated call, from its state."""
        said = calls.outcomes(receipt["logs"], row.to_address)
        if any(item.kind == "repeated" for item in said):
            return await self._settled_before(row)
        paid = [item for item in said if item.kind == "settled" or item.reason == "Already settled"]
        failed = [item for item in said if item.kind == "failed" and item.reason != "Already settled"]
        return Outcome(
            settled=[UUID(bytes=item.subject[:16]) for item in paid],
            failed=[UUID(bytes=item.subject[:16]) for item in failed],
            reasons=[item.reason or "" for item in failed],
        )

    async def _settled_before(self, row: ChainTransaction) -> Outcome:
        settled: list[UUID] = []
        failed: list[UUID] = []
        contract = Web3.to_checksum_address(row.to_address)
        for payment in await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id):
            data = calls.is_intent_settled(calls.uuid_word(payment.payment_id))
            answer = await self._outbox.chain.agreed(
                lambda w3, d=data: w3.eth.call({"to": contract, "data": d})  # type: ignore[misc]
            )
            (settled if any(answer) else failed).append(payment.payment_id)
        return Outcome(settled, failed, ["Not settled by the call that was repeated"] * len(failed))


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
