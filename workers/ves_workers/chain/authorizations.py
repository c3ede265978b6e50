"""EIP-3009 payments of the facilitator: batches across tenants become calls of settleAuthorizations (x402 part C)."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from web3 import Web3

from ves_contracts import calls
from ves_edge.gen import aio
from ves_workers.chain.outcomes import read_outcome
from ves_workers.chain.rpc import DisagreementError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3.types import LogReceipt, TxReceipt

    from ves_edge.gen.records import ChainTransaction, ExactPayment, ListOpenExactBatchesRow
    from ves_workers.chain.outbox import Outbox
    from ves_workers.chain.outcomes import Outcome
    from ves_workers.runtime.database import WorkerDatabase

KIND = "authorizations"
_NIL = UUID(int=0)
# Of a step, so that they do not hold up what is to be sent.
_MOST_RECHECKS, _MOST_WINDOWS = 20, 24
# Between the clocks of the chain and of the database.
_SKEW = timedelta(hours=1)


class Authorizations:
    """Plans what the facilitator has recorded, and reads what became of it out of logs."""

    def __init__(self, database: WorkerDatabase, outbox: Outbox, window: int) -> None:
        self._db, self._outbox = database, outbox
        self._window = window  # blocks whose logs one request may ask for
        self._left: dict[UUID, int] = {}  # the newest block that a search has still to look at

    async def plan_batches(self, token: int) -> int:
        """Make batches of the recorded payments that are due; how many are new. Raises ApiError."""
        return await aio.plan_exact_batches(self._db, lease_token=token, chain_id=self._outbox.chain.chain_id)

    async def plan(self, token: int) -> None:
        """Make batches of recorded payments and put their calls into the outbox."""
        with contextlib.suppress(UnavailableError, DisagreementError):  # what is due stays so
            await self.recheck(token)
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
        if outcome.failed:
            payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
            for made in await self._credit(token, [it for it in payments if it.payment_id in outcome.failed]):
                del outcome.failed[made]
        return outcome

    async def reverted(self, token: int, row: ChainTransaction) -> None:
        """Look for what somebody else made of a payment whose own call has reverted: it may be told as failed now.

        Raises UnavailableError while a use of its authorization is in a block that may be replaced.
        """
        payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
        if len(payments) == 1:  # others are planned again in halves, so nothing is told
            await self._credit(token, payments)

    async def recheck(self, token: int) -> None:
        """Look again at failed payments whose authorizations are over now, or were seen used: somebody may have made them."""
        chain_id = self._outbox.chain.chain_id
        if not await aio.list_exact_rechecks(self._db, chain_id=chain_id, max_rows=1):
            return
        final, until = await self._outbox.read_final()
        payments = await aio.list_exact_rechecks(
            self._db, chain_id=chain_id, until=until, max_rows=_MOST_RECHECKS
        )
        used, unused, unread = list[UUID](), list[UUID](), list[UUID]()
        for payment in payments:
            found = unread
            with contextlib.suppress(UnavailableError, DisagreementError):
                is_used = await self._is_used(payment, final)
                if is_used:
                    await self._credit_another(token, payment, final)
                found = used if is_used else unused
            found.append(payment.payment_id)
        await aio.finish_exact_rechecks(
            self._db, lease_token=token, until=until, used=used, unused=unused, unread=unread
        )

    async def _credit(self, token: int, payments: list[ExactPayment]) -> list[UUID]:
        """Return those of payments, none of which we have made, that somebody else has made, and record it.

        Raises UnavailableError while a use of an authorization is in a block that may be replaced.
        """
        made, (final, _) = [], await self._outbox.read_final()
        for payment in payments:
            if payment.status != "settled":  # else a step before this one has found it
                if not await self._is_used(payment):
                    continue
                if not await self._is_used(payment, final):
                    raise UnavailableError("somebody has used the authorization in a block that is not final")
                if not await self._credit_another(token, payment, final):
                    continue
            made.append(payment.payment_id)
        return made

    async def _is_used(self, payment: ExactPayment, block: int | None = None) -> bool:
        await self._outbox.keep_lease()
        state = calls.authorization_state(payment.payer_address, payment.nonce)
        return any(await self._outbox.chain.read(payment.token_address, state, block))

    async def _credit_another(self, token: int, payment: ExactPayment, last: int) -> bool:
        """Record a payment as made if a transaction of block `last` or before, not ours, has made it."""
        tx_hash = await self._made_by_another(payment, last)
        if tx_hash is None or payment.batch_id is None:
            return False
        await aio.confirm_exact_payments(
            self._db, lease_token=token, batch_id=payment.batch_id, tx_hash=tx_hash,
            payment_ids=[payment.payment_id], is_final=True,
        )  # fmt: skip
        return True

    async def _read(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
        return await read_outcome(self._outbox.chain, row, receipt, [it.payment_id for it in payments])

    async def _made_by_another(self, payment: ExactPayment, last: int) -> str | None:
        """Return the transaction, of block `last` or before, that used the authorization to pay what it says."""
        used = await self._find_use(payment, self._left.get(payment.payment_id, last))
        has_paid = False
        if used is not None:
            receipt = await self._outbox.chain.agreed(
                lambda w3: w3.eth.get_transaction_receipt(used["transactionHash"]),
                key=lambda found: _places(found["logs"]),
            )
            has_paid = calls.has_moved(receipt["logs"], used, payment.payee_address, int(payment.amount))
        self._left.pop(payment.payment_id, None)
        return "0x" + bytes(used["transactionHash"]).hex() if used is not None and has_paid else None

    async def _find_use(self, payment: ExactPayment, last: int) -> LogReceipt | None:
        """Return the log of the authorization's use; None if it was cancelled, or used before the payment was recorded.

        Raises UnavailableError when that is further back than one step looks; the next call goes on where this one ended.
        """
        for _ in range(_MOST_WINDOWS):
            self._left[payment.payment_id] = last
            await self._outbox.keep_lease()
            first = max(0, last - self._window + 1)
            logs = await self._uses(payment, first, last)
            if logs:
                return logs[0]
            if first == 0 or await self._outbox.read_time(first) < payment.created_at - _SKEW:
                return None
            last = first - 1
        self._left[payment.payment_id] = last
        raise UnavailableError(f"the use of an authorization is looked for in block {last} and before")

    async def _uses(self, payment: ExactPayment, first: int, last: int) -> list[LogReceipt]:
        span: Any = {
            "address": Web3.to_checksum_address(payment.token_address),
            "topics": [calls.AUTHORIZATION_USED, calls.address_word(payment.payer_address), payment.nonce],
            "fromBlock": first,
            "toBlock": last,
        }
        return await self._outbox.chain.agreed(lambda w3: w3.eth.get_logs(span), key=_places)


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
