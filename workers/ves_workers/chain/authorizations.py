"""EIP-3009 payments of the facilitator: batches across tenants become calls of settleAuthorizations (x402 part C)."""

from __future__ import annotations

import asyncio
import contextlib
import time
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
    from datetime import datetime

    from web3.types import LogReceipt, TxReceipt

    from ves_edge.gen.records import ChainTransaction, ExactPayment, ListUnplannedExactBatchesRow
    from ves_workers.chain.outbox import Outbox
    from ves_workers.chain.outcomes import Outcome
    from ves_workers.chain.tokens import Tokens
    from ves_workers.runtime.database import WorkerDatabase

KIND = "authorizations"
_NIL = UUID(int=0)
# Of a step, so that they do not hold up what is to be sent: how long it looks again, and at how many windows of blocks.
_RECHECK_SECS, _MOST_WINDOWS = 0.25, 24
# Authorizations of which nodes are asked at once.
_AT_ONCE = 20
# Of a request, which finds each payer with the nonces of all the others too: nodes answer 10,000 logs at most.
_MOST_SOUGHT = 50
# Of the logs that are read: the event, and payer and payee, or payer and nonce.
_TOPICS = 3
# Between the clocks of the chain and of the database.
_SKEW = timedelta(hours=1)


class Authorizations:
    """Plans what the facilitator has recorded, and reads what became of it out of logs."""

    def __init__(self, database: WorkerDatabase, outbox: Outbox, tokens: Tokens, window: int) -> None:
        self._db, self._outbox, self._tokens = database, outbox, tokens
        self._window = window  # blocks whose logs one request may ask for
        self._left: dict[UUID, int] = {}  # the newest block that a search has still to look at
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.has_rechecks = False  # that the last step had no time for

    async def plan_batches(self, token: int) -> int:
        """Make batches of the recorded payments that are due; how many are new. Raises ApiError."""
        return await aio.plan_exact_batches(
            self._db, lease_token=token, chain_id=self._outbox.chain.chain_id,
            max_wait_ms=self._outbox.rhythm.sharing_ms(time.monotonic()),
        )  # fmt: skip

    async def plan(self, token: int) -> None:
        """Make batches of recorded payments and put their calls into the outbox."""
        with contextlib.suppress(UnavailableError, DisagreementError):  # what is due stays so
            await self.recheck(token)
        chain_id = self._outbox.chain.chain_id
        await self.plan_batches(token)
        for batch in await aio.list_unplanned_exact_batches(self._db, chain_id=chain_id):
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
        """Look again at failed payments whose authorizations are over now, or were seen used: somebody may have made them.

        Those that are due are looked at for _RECHECK_SECS.
        """
        self.has_rechecks = False
        ends = time.monotonic() + _RECHECK_SECS
        if not await self._rechecks(1):
            return
        final, until = await self._outbox.read_final()
        while payments := await self._rechecks(_AT_ONCE, until):
            await self._recheck(token, payments, final, until)
            if time.monotonic() > ends:
                self.has_rechecks = True
                return

    async def _rechecks(self, most: int, until: datetime | None = None) -> list[ExactPayment]:
        await self._outbox.keep_lease()
        return await aio.list_exact_rechecks(
            self._db, chain_id=self._outbox.chain.chain_id, until=until, max_rows=most,
            silent_tokens=self._tokens.silent(),
        )  # fmt: skip

    async def _recheck(self, token: int, payments: list[ExactPayment], final: int, until: datetime) -> None:
        of_token: dict[str, list[ExactPayment]] = {}
        for payment in payments:
            of_token.setdefault(payment.token_address, []).append(payment)
        answers: dict[UUID, bool | None] = {}
        for told in await asyncio.gather(*(self._uses_at(of_one, final) for of_one in of_token.values())):
            answers |= told
        used = [it for it in payments if answers[it.payment_id]]
        _, unclear = await self._credit_others(token, used, final)
        await aio.finish_exact_rechecks(
            self._db, lease_token=token, until=until, used=[it.payment_id for it in used if it.payment_id not in unclear],
            unused=[payment_id for payment_id, answer in answers.items() if answer is False],
            unread=[payment_id for payment_id, answer in answers.items() if answer is None] + unclear,
        )  # fmt: skip

    async def _uses_at(self, payments: list[ExactPayment], block: int | None) -> dict[UUID, bool | None]:
        """Return whether the authorizations of payments in one token are used, None where it does not answer.

        The first one is asked about alone: a token that does not answer is asked nothing more.
        """

        async def is_used(payment: ExactPayment) -> bool | None:
            try:
                async with self._slots:
                    return await self._is_used(payment, block)
            except (UnavailableError, DisagreementError):
                return None

        answers = [await is_used(payment) for payment in payments[:1]]
        if None in answers:
            return dict.fromkeys((it.payment_id for it in payments), None)
        answers += await asyncio.gather(*map(is_used, payments[1:]))
        return {it.payment_id: answer for it, answer in zip(payments, answers, strict=True)}

    async def _credit(self, token: int, payments: list[ExactPayment]) -> list[UUID]:
        """Return those of payments, none of which we have made, that somebody else has made, and record it.

        Raises UnavailableError while a use of an authorization is in a block that may be replaced.
        """
        final, _ = await self._outbox.read_final()
        used = await self._used([it for it in payments if it.status != "settled"])
        if len(await self._used(used, final)) < len(used):
            raise UnavailableError("somebody has used the authorization in a block that is not final")
        made, unclear = await self._credit_others(token, used, final)
        if unclear:
            raise UnavailableError("nodes do not say what an authorization was used for")
        # what is settled already was found by a step before this one
        return [it.payment_id for it in payments if it.status == "settled"] + made

    async def _used(self, payments: list[ExactPayment], block: int | None = None) -> list[ExactPayment]:
        """Return those of payments in one token whose authorizations are used. Raises UnavailableError."""
        answers = await self._uses_at(payments, block)
        if None in answers.values():
            raise UnavailableError(f"token {payments[0].token_address} does not say what is used")
        return [it for it in payments if answers[it.payment_id]]

    async def _is_used(self, payment: ExactPayment, block: int | None) -> bool:
        await self._outbox.keep_lease()
        state = calls.authorization_state(payment.payer_address, payment.nonce)
        return any(await self._tokens.read(payment.token_address, state, block))

    async def _credit_others(
        self, token: int, payments: list[ExactPayment], last: int
    ) -> tuple[list[UUID], list[UUID]]:
        """Record payments, whose authorizations are used, that transactions of block `last` or before, not ours, have made.

        Return those, and those of which nodes do not say what the authorization was used for.
        """
        by_id = {payment.payment_id: payment for payment in payments}
        made, unclear = list[UUID](), list(by_id)
        uses: dict[UUID, LogReceipt | None] = {}
        with contextlib.suppress(UnavailableError, DisagreementError):
            await self._find_uses(payments, last, uses)
        told = await asyncio.gather(*(self._has_made(by_id[key], use) for key, use in uses.items()))
        for (payment_id, use), has_made in zip(uses.items(), told, strict=True):
            if has_made is None:
                continue
            if use is not None and has_made:
                await self._credit_another(token, by_id[payment_id], use)
                made.append(payment_id)
            unclear.remove(payment_id)
            self._left.pop(payment_id, None)
        return made, unclear

    async def _has_made(self, payment: ExactPayment, use: LogReceipt | None) -> bool | None:
        """Return whether the use of an authorization, a log of a final block, has made its payment; None: nodes do not say."""
        if use is None:
            return False
        topics = [
            calls.TRANSFER,
            calls.address_word(payment.payer_address),
            calls.address_word(payment.payee_address),
        ]
        span = {"address": use["address"], "topics": topics, "blockHash": use["blockHash"]}
        try:
            async with self._slots:
                transfers = await self._logs(span)
        except (UnavailableError, DisagreementError):
            return None
        return calls.has_moved(transfers, use, int(payment.amount))

    async def _credit_another(self, token: int, payment: ExactPayment, use: LogReceipt) -> None:
        await aio.confirm_exact_payments(
            self._db, lease_token=token, batch_id=payment.batch_id, tx_hash="0x" + bytes(use["transactionHash"]).hex(),
            payment_ids=[payment.payment_id], is_final=True,
        )  # fmt: skip

    async def _read(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        payments = await aio.list_exact_batch_payments(self._db, batch_id=row.reference_id)
        return await read_outcome(self._outbox.chain, row, receipt, [it.payment_id for it in payments])

    async def _find_uses(
        self, payments: list[ExactPayment], last: int, found: dict[UUID, LogReceipt | None]
    ) -> None:
        """Add the log of each authorization's use, or None if it was cancelled, or used before the payment was recorded.

        What is further back than one step looks is not in `found`: the next call goes on where this one ended. All are looked for
        together: else whoever cancels many authorizations, which leaves no such log, holds up the worker.
        """
        for _ in range(_MOST_WINDOWS):
            sought = [payment for payment in payments if payment.payment_id not in found]
            if not sought:
                return
            newest = max(self._left.setdefault(payment.payment_id, last) for payment in sought)
            sought = [it for it in sought if self._left[it.payment_id] == newest][:_MOST_SOUGHT]
            first = max(0, newest - self._window + 1)
            uses = await self._uses(sought, first, newest)
            found.update({it.payment_id: uses[key] for it in sought if (key := _use_key_of(it)) in uses})
            missing = [it for it in sought if it.payment_id not in found]
            begins = await self._outbox.read_time(first) if missing and first > 0 else None
            for payment in missing:
                if begins is None or begins < payment.created_at - _SKEW:
                    found[payment.payment_id] = None
                else:
                    self._left[payment.payment_id] = first - 1

    async def _uses(
        self, payments: list[ExactPayment], first: int, last: int
    ) -> dict[tuple[str, str, bytes], LogReceipt]:
        keys = [_use_key_of(it) for it in payments]
        tokens, payers, nonces = (sorted(set(part)) for part in zip(*keys, strict=True))
        logs = await self._logs(
            {
                "address": [Web3.to_checksum_address(token) for token in tokens],
                "topics": [calls.AUTHORIZATION_USED, [calls.address_word(payer) for payer in payers], nonces],
                "fromBlock": first,
                "toBlock": last,
            }
        )
        return {
            _use_key(log["address"], "0x" + bytes(log["topics"][1])[12:].hex(), log["topics"][2]): log
            for log in logs
        }

    async def _logs(self, span: Any) -> Sequence[LogReceipt]:
        await self._outbox.keep_lease()
        return await self._outbox.chain.agreed(lambda w3: w3.eth.get_logs(span), key=_places)


def _use_key(token: str, payer: str, nonce: bytes) -> tuple[str, str, bytes]:
    return token.lower(), payer.lower(), bytes(nonce)


def _use_key_of(payment: ExactPayment) -> tuple[str, str, bytes]:
    return _use_key(payment.token_address, payment.payer_address, payment.nonce)


def _places(logs: Sequence[LogReceipt]) -> str:
    """Raises ValueError for other logs than those of an event with two parameters that are searched for."""
    if any(len(log["topics"]) != _TOPICS for log in logs):
        raise ValueError("other logs than those that were asked for")
    said = ("address", "topics", "data", "blockHash", "transactionHash", "logIndex")
    return repr([[log[name] for name in said] for log in logs])  # type: ignore[literal-required]


def _calldata(batch: ListUnplannedExactBatchesRow, payments: list[ExactPayment]) -> bytes:
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
