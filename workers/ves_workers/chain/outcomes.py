"""What became of the payments of a transaction of the settlement contract: its logs, or the contract's state (chain 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from ves_contracts import calls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from web3.types import TxReceipt

    from ves_edge.gen.records import ChainTransaction
    from ves_workers.chain.rpc import Chain

NOT_IN_REPEATED = "Not settled by the call that was repeated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Payments that were made, and the contract's reason for each of the others."""

    settled: list[UUID] = field(default_factory=list)
    failed: dict[UUID, str] = field(default_factory=dict)


async def read_outcome(
    chain: Chain, row: ChainTransaction, receipt: TxReceipt, ids: Callable[[], Awaitable[Iterable[UUID]]]
) -> Outcome:
    """Return the outcome of each payment of a succeeded transaction.

    The contract pays an id once: if it says that it has, the money has moved, by an earlier transaction. If the very
    same call was made before, the logs say nothing of its payments, and the contract is asked about each of `ids`.
    """
    found = Outcome()
    said = calls.outcomes(receipt["logs"], row.to_address)
    if any(item.kind == "repeated" for item in said):
        for payment_id in await ids():
            is_settled = calls.is_intent_settled(calls.uuid_word(payment_id))
            if any(await chain.read(row.to_address, is_settled)):
                found.settled.append(payment_id)
            else:
                found.failed[payment_id] = NOT_IN_REPEATED
        return found
    for item in said:
        payment_id = UUID(bytes=item.subject[:16])
        if item.kind == "settled" or item.reason == "Already settled":
            found.settled.append(payment_id)
        elif item.kind == "failed":
            found.failed[payment_id] = item.reason or ""
    return found
