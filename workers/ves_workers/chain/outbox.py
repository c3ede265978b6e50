"""Follows the transactions of one account from plan to final block (chain 8).

Every decision is a read by quorum, every step a function of the database that names the state it starts from.
"""

from __future__ import annotations

import asyncio
import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from web3 import AsyncWeb3, Web3
from web3.exceptions import BlockNotFound, ContractLogicError, TransactionNotFound, Web3Exception

from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger
from ves_workers.chain.outcomes import Outcome
from ves_workers.chain.rhythm import Rhythm
from ves_workers.chain.rpc import DisagreementError, UnavailableError, whole
from ves_workers.chain.signer import sign_transaction
from ves_workers.runtime.loop import MOST_CAUSE

if TYPE_CHECKING:
    from uuid import UUID

    from eth_typing import ChecksumAddress
    from web3.types import BlockIdentifier, TxReceipt

    from ves_edge.gen.records import ChainTransaction
    from ves_workers.chain.rpc import Chain
    from ves_workers.chain.signer import Signer
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.runtime.lease import Lease
    from ves_workers.settings.chain import ChainSettings

_GAS_MARGIN = 1.2
# The most that a transaction may have under EIP-7825.
_MOST_GAS = 2**24
# What nodes say of a call that needs more gas than they allow, in many wordings, and what they say of its price.
_OF_GAS, _OF_PRICE = re.compile("gas"), re.compile(r"\b(funds|fees?|price)\b")
_LEAST_TIP = 10**6
_HASH_BYTES = 32
_FEE_BLOCKS, _FEE_PERCENTILE = 10, 20
_RESEND_SECS = 15
_UNMINED, _AWAITED_SECS = frozenset({"planned", "signed", "broadcast", "unknown"}), 30
# Nodes keep the accounts of the last 128 blocks unless they are archives; some may be a few blocks behind.
_STATES = 120
# What would undo something has to be read so many times in steps of its own.
_READS_TO_UNDO = 2
# Any other refusal is of one transaction, which holds up none of the others.
_ENDS_THE_STEP = {"lease_lost", "database_unavailable", "internal_error"}


class Work(ABC):
    """One kind of transaction."""

    @abstractmethod
    async def outcome(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return what the logs of a succeeded transaction say."""

    async def reverted(self, row: ChainTransaction) -> None:
        """Look at a transaction that reverted in a final block, before that is recorded.

        Raises UnavailableError while it must not be recorded yet.
        """
        del row

    async def mined(self, row: ChainTransaction, receipt: TxReceipt) -> None:
        """Look at a succeeded transaction whose block may still be replaced, once for each such block."""
        del row, receipt

    async def size(self, row: ChainTransaction) -> int:
        """Return how many payments a call makes: those of a call that needs too much gas are planned again in halves."""
        del row
        return 1

    @abstractmethod
    def reason(self, error: ContractLogicError) -> str:
        """Return why a call reverts, in the contract's words."""


@dataclass(frozen=True, slots=True)
class _Fees:
    max_fee: int
    tip: int


class Outbox:
    """The transactions of one lease on one chain, and the account that signs new ones."""

    def __init__(
        self,
        database: WorkerDatabase,
        chain: Chain,
        signer: Signer,
        settings: ChainSettings,
        lease: Lease,
        work: Work,
    ) -> None:
        self._db, self.chain, self._signer, self._settings = database, chain, signer, settings
        self._lease, self._work = lease, work
        self._log = get_logger("workers", worker=lease.name)
        self._sent: dict[int, float] = {}
        self._doubts: dict[tuple[int, str], int] = {}
        self._rechecked = 0.0
        self._told: dict[int, bytes] = {}  # the blocks in which `Work.mined` has seen a transaction
        self._hashes: dict[int, bytes] = {}  # of blocks, as this step has read them
        # Of the last look: the newest block, and whether a young transaction is in none.
        self.head, self.is_awaited = 0, False
        self.rhythm = Rhythm()
        self.address = ""
        self.totals = {"signed": 0, "replaced_fees": 0, "final": 0, "failed": 0, "reorgs": 0}

    async def open(self) -> None:
        """Take the account under a new token of the lease."""
        self.address = (await self._signer.public_key()).to_checksum_address()
        await self._next_nonce(await self.read_head())

    async def read_head(self) -> int:
        """Return the number of the newest block that a quorum has reached. Raises UnavailableError."""
        try:
            number = await self.chain.reached(lambda w3: w3.eth.block_number)
        except Web3Exception as error:
            raise UnavailableError(f"the nodes do not tell their newest block: {error}") from error
        self.rhythm.note(number, time.monotonic())
        return number

    async def read_final(self) -> tuple[int, datetime]:
        """Return number and time of the newest final block whose state nodes keep. Raises UnavailableError."""
        number = self._deep_block(await self.read_head())
        return number, await self.read_time(number)

    async def read_time(self, number: int) -> datetime:
        """Return the time of a block. Raises UnavailableError, DisagreementError."""
        return await self.chain.agreed(lambda w3: _block_time(w3, number))

    async def _next_nonce(self, head: int) -> int:
        """Return the account's next nonce, past those that something else used at final depth.

        One used in a later block is not passed over: a reorg that drops its transaction would leave a gap below the
        outbox's nonces, which nothing fills. Its row becomes `unknown`, then `replaced`, or is sent after the reorg.
        """
        address, deep = Web3.to_checksum_address(self.address), self._deep_block(head)
        used = await self.chain.agreed(lambda w3: _used_nonces(w3, address, deep))
        return await aio.open_chain_account(
            self._db, lease=self._lease.name, lease_token=self._lease.token, chain_id=self.chain.chain_id,
            sender=self.address.lower(), chain_nonce=used,
        )  # fmt: skip

    def _final_block(self, head: int) -> int:
        """Return the newest block that no reorg replaces; negative while the chain is shorter than the final depth."""
        return head - self._settings.confirmations + 1

    def _deep_block(self, head: int) -> int:
        """Return the newest final block, or the oldest block whose state nodes keep if that is later."""
        return max(self._final_block(head), head - _STATES, 0)

    async def keep_lease(self) -> None:
        """Renew the lease if it is time to. Raises ApiError lease_lost."""
        await self._lease.keep()

    async def plan(self, kind: str, target: tuple[UUID, UUID, int], to: str, calldata: bytes) -> None:
        """Put a call into the outbox; `target` is tenant, reference and part of what it is for."""
        tenant_id, reference_id, part = target
        await self._lease.keep()
        await aio.plan_transaction(
            self._db, lease_token=self._lease.token, chain_id=self.chain.chain_id, sender=self.address.lower(), kind=kind,
            tenant_id=tenant_id, reference_id=reference_id, part=part, to_address=to, calldata=calldata,
        )  # fmt: skip

    async def advance(self) -> None:
        """Take every open transaction as far as the chain allows; final ones are looked at again now and then."""
        recheck = self._settings.recheck_hours * 3600
        is_due = time.monotonic() - self._rechecked > self._settings.recheck_secs
        rows = await aio.list_open_transactions(
            self._db,
            lease=self._lease.name,
            chain_id=self.chain.chain_id,
            final_seconds=recheck if is_due else 0,
        )
        if is_due:
            self._rechecked = time.monotonic()
        self.head = head = await self.read_head() if rows else 0
        self.is_awaited = any(row.status in _UNMINED and row.waiting_seconds < _AWAITED_SECS for row in rows)
        self._hashes.clear()
        # callers wait for those that are in no block
        for row in sorted(rows, key=lambda row: row.status not in _UNMINED):
            await self._lease.keep()
            try:
                await self._advance(row, head)
            except (UnavailableError, DisagreementError) as error:
                self._log.warning("chain.no_answer", transaction=row.transaction_id, error=str(error))
                if isinstance(error, DisagreementError) and row.status in {"signed", "broadcast"}:
                    await self._step(row, "unknown", f"the nodes disagree: {error}")
            except ApiError as error:
                if error.name in _ENDS_THE_STEP:
                    raise
                self._log.error("chain.step_refused", transaction=row.transaction_id, code=error.sqlstate)

    async def _advance(self, row: ChainTransaction, head: int) -> None:
        if row.status == "planned":
            await self._sign_first(row, head)
        elif row.status == "final":
            await self._recheck(row)
        elif await self._is_as_told(row, head):
            return
        elif (receipt := await self._receipt(row)) is not None:
            await self._follow(row, receipt, head)
        elif row.status == "mined":
            if self._is_sure(row, "gone"):
                self.totals["reorgs"] += 1
                await self._step(row, "broadcast", "its block is no longer in the chain")
        else:
            await self._push(row, head)

    async def _is_as_told(self, row: ChainTransaction, head: int) -> bool:
        """Return whether a mined transaction is still in the block that was told, and that is not final: there is nothing to do.

        A receipt with the logs of 200 payments takes some 50 ms to read, the hash of a block, once for all in it, a few.
        """
        number = row.block_number or 0
        if number <= self._final_block(head) or self._told.get(row.transaction_id) != row.block_hash:
            return False
        if number not in self._hashes:
            self._hashes[number] = await self.chain.agreed(lambda w3: _block_hash(w3, number))
        if self._hashes[number] != row.block_hash:
            return False
        self._doubts.pop((row.transaction_id, "gone"), None)
        return True

    async def _receipt(self, row: ChainTransaction) -> TxReceipt | None:
        """Return the receipt of the one attempt that is in a block, if any is."""
        for tx_hash in reversed(row.tx_hashes):
            found = await self.chain.agreed(lambda w3, h=tx_hash: _receipt(w3, h), key=_receipt_key)  # type: ignore[misc]
            if found is not None:
                return found
        return None

    async def _follow(self, row: ChainTransaction, receipt: TxReceipt, head: int) -> None:
        self._doubts.pop((row.transaction_id, "gone"), None)
        self._doubts.pop((row.transaction_id, "used"), None)
        number, block = receipt["blockNumber"], bytes(receipt["blockHash"])
        await aio.mine_transaction(
            self._db, lease_token=self._lease.token, transaction_id=row.transaction_id,
            tx_hash=bytes(receipt["transactionHash"]), block_number=number, block_hash=block,
        )  # fmt: skip
        if receipt["status"] == 1 and self._told.get(row.transaction_id) != block:
            await self._work.mined(row, receipt)
        self._told[row.transaction_id] = block
        if number > self._final_block(head):
            return
        if await self.chain.agreed(lambda w3: _block_hash(w3, number)) != block:
            return  # the receipt was read before a reorg: the next step reads it again
        has_succeeded = receipt["status"] == 1
        outcome = Outcome()
        if has_succeeded:
            outcome = await self._work.outcome(row, receipt)
        else:
            await self._work.reverted(row)
        await aio.finish_transaction(
            self._db, lease_token=self._lease.token, transaction_id=row.transaction_id, block_hash=block,
            gas_used=receipt["gasUsed"], has_succeeded=has_succeeded, reason=None if has_succeeded else "reverted",
            settled=outcome.settled, failed=list(outcome.failed), reasons=list(outcome.failed.values()),
        )  # fmt: skip
        self.totals["final" if has_succeeded else "failed"] += 1
        self._sent.pop(row.transaction_id, None)
        self._told.pop(row.transaction_id, None)
        if not has_succeeded:
            self._log.error(
                "chain.reverted", transaction=row.transaction_id, tx_hash=receipt["transactionHash"].hex()
            )

    async def _push(self, row: ChainTransaction, head: int) -> None:
        """Give the newest bytes to the nodes, again from time to time; then replace them if the fee is too low."""
        nonce = row.nonce or 0
        address = Web3.to_checksum_address(row.sender)
        used = await self.chain.agreed(lambda w3: _used_nonces(w3, address, "latest"))
        if used > nonce:
            await self._resolve(row, nonce, head)
            return
        self._doubts.pop((row.transaction_id, "used"), None)
        sent_before = self._sent.get(row.transaction_id)
        if row.status != "broadcast" or sent_before is None or time.monotonic() - sent_before > _RESEND_SECS:
            await self._send(row, row.raw or b"")
        elif row.waiting_seconds > self._settings.stuck_secs:
            await self._replace(row)

    async def _send(self, row: ChainTransaction, raw: bytes) -> None:
        refusals = await self.chain.send(raw)
        if refusals:
            self._log.warning("chain.refused", transaction=row.transaction_id, refusals=refusals)
        elif row.status != "broadcast":
            await self._step(row, "broadcast", None)
        self._sent[row.transaction_id] = time.monotonic()

    async def _resolve(self, row: ChainTransaction, nonce: int, head: int) -> None:
        """The nonce is used and no attempt has a receipt: unknown, until the account's history at final depth says more."""
        if row.status in {"signed", "broadcast"}:
            await self._step(row, "unknown", "its nonce is used, and none of its transactions has a receipt")
            return
        address, deep = Web3.to_checksum_address(row.sender), self._final_block(head)
        if deep < 0:
            return
        used = await self.chain.agreed(lambda w3: _used_nonces(w3, address, deep))
        if used > nonce and self._is_sure(row, "used"):
            self._log.error("chain.nonce_used_by_another", transaction=row.transaction_id, nonce=nonce)
            await self._step(row, "replaced", "its nonce was used by a transaction that is not ours")

    async def _recheck(self, row: ChainTransaction) -> None:
        number, block = row.block_number or 0, row.block_hash
        if await self.chain.agreed(lambda w3: _block_hash(w3, number)) == block:
            self._doubts.pop((row.transaction_id, "undone"), None)
            return
        self._rechecked = 0  # the second read is in the next step
        if self._is_sure(row, "undone"):
            self._log.error("chain.reorg_below_final_depth", transaction=row.transaction_id, block=number)
            self.totals["reorgs"] += 1
            await self._step(row, "broadcast", "its final block is no longer in the chain")

    def _is_sure(self, row: ChainTransaction, doubt: str) -> bool:
        """Return whether a read that would undo something was made often enough."""
        key = (row.transaction_id, doubt)
        self._doubts[key] = self._doubts.get(key, 0) + 1
        if self._doubts[key] < _READS_TO_UNDO:
            return False
        del self._doubts[key]
        return True

    async def _step(self, row: ChainTransaction, to_status: str, reason: str | None) -> None:
        self._sent.pop(row.transaction_id, None)  # what a reorg took back is sent at once
        self._told.pop(row.transaction_id, None)
        await aio.step_transaction(
            self._db, lease_token=self._lease.token, transaction_id=row.transaction_id, from_status=row.status,
            to_status=to_status, reason=reason and reason[:MOST_CAUSE],
        )  # fmt: skip

    async def _sign_first(self, row: ChainTransaction, head: int) -> None:
        if row.sender != self.address.lower():
            return  # planned for a key that was replaced
        call: Any = {
            "from": self.address,
            "to": Web3.to_checksum_address(row.to_address),
            "data": row.calldata,
        }
        try:
            needed = await self.chain.reached(lambda w3: w3.eth.estimate_gas(call))
        except ContractLogicError as error:
            await self._refuse(row, self._work.reason(error))
            return
        except Web3Exception as error:
            await self._refuse(row, str(error))
            return
        try:
            most, fees = await asyncio.gather(self.chain.reached(_block_gas), self._market())
        except Web3Exception as error:
            await self._step(row, "planned", str(error))
            return
        if needed > most:
            await self._refuse(row, f"needs {needed} gas, and a block has {most}")
            return
        # Nodes take no transaction with more than the block or EIP-7825 allows, and the next nonces would wait for it.
        gas = min(int(needed * _GAS_MARGIN), most, max(needed, _MOST_GAS))
        if fees.max_fee > self._settings.max_fee:
            await self._step(row, "planned", "fees are above VES_CHAIN_MAX_FEE_GWEI")
            return
        await self._sign(row, 1, await self._next_nonce(head), gas, fees)

    async def _refuse(self, row: ChainTransaction, reason: str) -> None:
        """Say why a call cannot be signed; give it up if its payments may fit into smaller ones.

        Nobody pays for what was never signed. A call of one payment waits: the contract limits its gas, whatever the payer
        does, so that refusal is of the node's settings.
        """
        reason = reason[:MOST_CAUSE]
        told = reason.lower()
        is_too_large = _OF_GAS.search(told) and not _OF_PRICE.search(told)
        if is_too_large and await self._work.size(row) > 1:
            self._log.warning("chain.needs_too_much_gas", transaction=row.transaction_id, reason=reason)
            await self._step(row, "replaced", reason)
        else:
            await self._step(row, "planned", reason)

    async def _replace(self, row: ChainTransaction) -> None:
        market = await self._market()
        # An eighth more than before: nodes want a tenth.
        fees = _Fees(
            max(market.max_fee, (row.max_fee or 0) * 9 // 8 + 1),
            max(market.tip, (row.priority_fee or 0) * 9 // 8 + 1),
        )
        if fees.max_fee > self._settings.max_fee:
            self._log.error("chain.fee_cap_reached", transaction=row.transaction_id, max_fee=fees.max_fee)
            return
        self.totals["replaced_fees"] += 1
        await self._sign(row, row.attempt + 1, row.nonce or 0, row.gas_limit or 0, fees)

    async def _sign(self, row: ChainTransaction, attempt: int, nonce: int, gas: int, fees: _Fees) -> None:
        """Store the signed bytes, then send them: a crash between the two loses nothing."""
        raw, tx_hash = await sign_transaction(
            self._signer,
            {
                "chainId": self.chain.chain_id, "nonce": nonce, "to": Web3.to_checksum_address(row.to_address), "value": 0,
                "data": row.calldata, "gas": gas, "maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.tip,
            },
        )  # fmt: skip
        await aio.sign_transaction(
            self._db, lease_token=self._lease.token, transaction_id=row.transaction_id, attempt=attempt, nonce=nonce,
            tx_hash=tx_hash, raw=raw, gas_limit=gas, max_fee=fees.max_fee, priority_fee=fees.tip,
        )  # fmt: skip
        self.totals["signed"] += 1
        self._sent.pop(row.transaction_id, None)
        await self._send(replace(row, status="signed"), raw)

    async def _market(self) -> _Fees:
        """Tip of the fee history with a floor; the most is twice the next base fee and the tip (chain 8, point 5)."""
        usual, base_fee = await asyncio.gather(self.chain.reached(_tip), self.chain.reached(_base_fee))
        tip = max(_LEAST_TIP, usual)
        return _Fees(2 * base_fee + tip, tip)


async def _base_fee(w3: AsyncWeb3[Any]) -> int:
    """Of the next block."""
    return (await w3.eth.fee_history(1, "latest"))["baseFeePerGas"][-1]


async def _block_time(w3: AsyncWeb3[Any], number: int) -> datetime:
    return datetime.fromtimestamp((await w3.eth.get_block(number))["timestamp"], UTC)


async def _block_gas(w3: AsyncWeb3[Any]) -> int:
    return (await w3.eth.get_block("latest"))["gasLimit"]


async def _tip(w3: AsyncWeb3[Any]) -> int:
    history = await w3.eth.fee_history(_FEE_BLOCKS, "latest", [_FEE_PERCENTILE])
    tips = [block[0] for block in history.get("reward", ())]
    return int(median(tips)) if tips else 0


async def _used_nonces(w3: AsyncWeb3[Any], address: ChecksumAddress, block: BlockIdentifier) -> int:
    return whole(await w3.eth.get_transaction_count(address, block))


async def _receipt(w3: AsyncWeb3[Any], tx_hash: bytes) -> TxReceipt | None:
    """Raises ValueError for a receipt that the database has no room for."""
    try:
        found = await w3.eth.get_transaction_receipt(tx_hash)  # type: ignore[arg-type]
    except TransactionNotFound:
        return None
    whole(found["blockNumber"])
    whole(found["gasUsed"])
    if {len(found["blockHash"]), len(found["transactionHash"])} != {_HASH_BYTES}:
        raise ValueError("a hash of another length")
    return found


def _receipt_key(receipt: TxReceipt | None) -> str:
    if receipt is None:
        return ""
    logs = [(log["address"], list(log["topics"]), log["data"]) for log in receipt["logs"]]
    return repr((receipt["transactionHash"], receipt["blockHash"], receipt["status"], logs))


async def _block_hash(w3: AsyncWeb3[Any], number: int) -> bytes:
    try:
        return bytes((await w3.eth.get_block(number))["hash"])
    except BlockNotFound:
        return b""
