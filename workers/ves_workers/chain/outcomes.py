"""What became of the payments of a transaction of the settlement contract: its logs, or the contract's state (chain 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from eth_abi.exceptions import DecodingError
from web3.exceptions import Web3Exception

from ves_contracts import calls
from ves_workers.chain.rpc import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web3.types import TxReceipt

    from ves_edge.gen.records import ChainTransaction
    from ves_workers.chain.rpc import Chain

NOT_TOLD = "Not settled by its transaction"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Payments that were made, and the contract's reason for each of the others."""

    settled: list[UUID] = field(default_factory=list)
    failed: dict[UUID, str] = field(default_factory=dict)


def read_logs(row: ChainTransaction, receipt: TxReceipt) -> list[calls.Outcome]:
    """Return what the contract has logged. Raises UnavailableError for what no contract of ours logs."""
    try:
        return calls.outcomes(receipt["logs"], row.to_address)
    except (LookupError, ValueError, Web3Exception, DecodingError) as error:
        raise UnavailableError(
            f"the nodes answer nonsense for logs: {type(error).__name__}: {error}"
        ) from error


async def read_outcome(
    chain: Chain, row: ChainTransaction, receipt: TxReceipt, ids: Iterable[UUID]
) -> Outcome:
    """Return the outcome of each payment of a succeeded transaction; `ids` are all of them.

    The contract pays an id once: if it says that it has, the money has moved, by an earlier transaction. It is asked
    about each payment that the logs leave out: the very same call may have been made before, or the contract's code was
    not there. Raises UnavailableError while it does not answer.
    """
    found, left = Outcome(), dict.fromkeys(ids)
    for item in read_logs(row, receipt):
        payment_id = UUID(bytes=item.subject[:16])
        if payment_id not in left:
            continue
        del left[payment_id]
        if item.kind == "settled" or item.reason == "Already settled":
            found.settled.append(payment_id)
        else:
            found.failed[payment_id] = item.reason or ""
    for payment_id in left:
        is_settled = calls.is_intent_settled(calls.uuid_word(payment_id))
        if any(await chain.read(row.to_address, is_settled)):
            found.settled.append(payment_id)
        else:
            found.failed[payment_id] = NOT_TOLD
    return found
