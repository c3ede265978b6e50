"""The anchor worker: commitments of both streams become calls of the anchor contract (chain 2, 8)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from web3 import Web3
from web3.exceptions import ContractLogicError

from ves_contracts import calls
from ves_contracts.errors import revert_reason
from ves_edge.environment import SettingsError
from ves_edge.gen import aio
from ves_workers.chain.outcomes import Outcome, read_logs
from ves_workers.chain.rpc import UnavailableError
from ves_workers.chain.signer import choose_signer
from ves_workers.chain.worker import ChainWorker
from ves_workers.runtime.anchor_figures import AnchorFigures

if TYPE_CHECKING:
    from web3.types import TxReceipt

    from ves_edge.gen.records import AnchorItem, ChainTransaction
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

_OTHER_CONTENT = "the contract has other content under this id"
_OTHER_ROOT = "the contract has another root under this id, or none"


class AnchorWorker(ChainWorker):
    """Every ANCHOR_INTERVAL_SECS, and when somebody asks, the oldest pending commitments are anchored by one call."""

    name = "anchoring"
    lease = "chain_anchor"

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        chosen, chain = settings.chain.anchor, settings.chain
        if not chain.anchors:
            raise SettingsError("SET_REGISTRY_ADDRESS: the anchor worker needs it, L2_RPC_URL and a signer")
        signer = choose_signer(chosen.key_file, chosen.signer_url, chosen.key)
        chain = replace(chain, confirmations=chosen.confirmations, recheck_secs=chosen.reconcile_secs)
        super().__init__(database, chain, signer, "anchor_rpc")
        self._chosen = chosen
        self._figures = AnchorFigures(database)
        self._next_plan = 0.0
        self._is_checked = False

    async def plan(self, token: int) -> None:
        """Anchor what is pending if the interval is over or somebody waits for it."""
        now = time.monotonic()
        await self._figures.update()
        pending = await aio.list_pending_anchors(self._db, max_rows=self._chosen.threshold)
        if not any(item.is_requested for item in pending) and (now < self._next_plan or not pending):
            return
        await self._require_contract()
        # A SetRegistry in strict mode refuses a commitment that comes before an earlier one of its stream (chain 3).
        pending.sort(key=lambda item: (item.committed_at, item.sequence_start))
        self._next_plan = now + self._chosen.interval_secs
        await aio.plan_anchors(
            self._db, lease_token=token, chain_id=self._chain.chain_id, sender=self._outbox.address.lower(),
            to_address=self._chosen.contract, calldata=calls.anchor_many([_commitment(item) for item in pending]),
            batch_ids=[item.batch_id for item in pending],
        )  # fmt: skip

    async def _require_contract(self) -> None:
        """Raise UnavailableError unless an anchor contract answers at the address, once for each process."""
        if self._is_checked:
            return
        if not await self._answers(calls.is_anchored(bytes(32))):
            is_registry = await self._answers(calls.batch_exists(bytes(32)))
            found = (
                "a SetRegistry, which only an adapter can write to" if is_registry else "no anchor contract"
            )
            raise UnavailableError(f"SET_REGISTRY_ADDRESS: there is {found}")
        self._is_checked = True

    async def _answers(self, data: bytes) -> bool:
        """Return whether the contract answers a question by one word."""
        call: Any = {"to": Web3.to_checksum_address(self._chosen.contract), "data": data}
        try:
            answer = await self._chain.any(lambda w3: w3.eth.call(call))
        except ContractLogicError:
            return False
        return len(answer) == len(bytes(32))

    async def outcome(self, row: ChainTransaction, receipt: TxReceipt) -> Outcome:
        """Return which commitments the contract has with the root that is stored here.

        A commitment that it had before, of the same content, has no log: so each root is read, at the final block.
        """
        items = await aio.list_anchor_call(self._db, call_id=row.reference_id)
        logs = read_logs(row, receipt)
        conflicts = {said.batch_id for said in logs if said.kind == "conflict"}
        refused = {said.batch_id: said.reason for said in logs if said.kind == "refused"}
        words = [calls.uuid_word(item.batch_id) for item in items]
        answers = await asyncio.gather(
            *(
                self._chain.read(
                    row.to_address, calls.verify_events_root(word, item.events_root), receipt["blockNumber"]
                )
                for word, item in zip(words, items, strict=True)
            )
        )
        found = Outcome()
        for item, word, answer in zip(items, words, answers, strict=True):
            if word in conflicts:
                found.failed[item.batch_id] = _OTHER_CONTENT
            elif not any(answer):
                refusal = refused.get(word)
                found.failed[item.batch_id] = (
                    f"the SetRegistry refuses it: {refusal}" if refusal else _OTHER_ROOT
                )
            else:
                found.settled.append(item.batch_id)
        for batch_id, reason in found.failed.items():
            self._log.error("anchor.contradicted", batch_id=str(batch_id), reason=reason)
        return found

    def reason(self, error: ContractLogicError) -> str:
        """Return the name of the contract's error, or of the SetRegistry behind an adapter."""
        of_adapter = revert_reason("SetRegistryAnchor", error.data, str(error))
        return revert_reason("StateSetAnchor", error.data, of_adapter)


def _commitment(item: AnchorItem) -> calls.Commitment:
    return calls.Commitment(
        batch_id=calls.uuid_word(item.batch_id),
        tenant_id=calls.uuid_word(item.tenant_id),
        store_id=calls.uuid_word(item.store_id),
        events_root=item.events_root,
        state_root=item.new_state_root,
        sequence_start=item.sequence_start,
        sequence_end=item.sequence_end,
        event_count=item.event_count,
    )
