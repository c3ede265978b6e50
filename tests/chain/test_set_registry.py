"""Commitments are anchored into a SetRegistry that exists already, through the adapter in front of it (chain 3)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import astuple
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.chain.anchoring import NIL, Anchoring
from ves_contracts import deploy
from ves_contracts.build import FORGE, ROOM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.chain.system import Ledger
    from tests.conftest import Database


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The registry in strict mode as the contracts' own tests have it, compiled."""
    if not FORGE.exists():
        pytest.skip("forge is not installed (make tools)")
    out: Path = tmp_path_factory.mktemp("registry")
    places = ["--out", str(out), "--cache-path", str(out / "cache")]
    subprocess.run(
        [FORGE, "build", "test/support/SetRegistryDouble.sol", "--quiet", *places], cwd=ROOM, check=True
    )
    name = "SetRegistryDouble"
    found: dict[str, Any] = json.loads((out / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
    return found


class Registry(Anchoring):
    """Anchoring whose contract is the adapter in front of a registry of its own."""

    def __init__(self, database: Database, ledger: Ledger, double: dict[str, Any]) -> None:
        super().__init__(database, ledger)
        w3, account = ledger.w3, ledger.account
        made: Any = w3.eth.contract(abi=double["abi"], bytecode=double["bytecode"]["object"])
        address = deploy.send(w3, account, made.constructor())["contractAddress"]
        self.registry: Any = w3.eth.contract(address=address, abi=double["abi"])
        adapter = deploy.contract(w3, "SetRegistryAnchor").constructor(
            0, account.address, ledger.anchorer.address, self.registry.address
        )
        place = deploy.send(w3, account, adapter)["contractAddress"]
        assert place is not None
        self.contract = deploy.contract(w3, "SetRegistryAnchor", place)
        self.authorize(self.contract.address)
        self.use(self.contract.address)

    def authorize(self, sequencer: str) -> None:
        self.ledger.send(self.registry.functions.authorize(sequencer))

    def use(self, address: str) -> None:
        """What SET_REGISTRY_ADDRESS is."""
        self.anchor = type(self.anchor)(
            contract=address.lower(), key=self.anchor.key, interval_secs=0,
            confirmations=self.anchor.confirmations, reconcile_secs=3600,
        )  # fmt: skip

    def stored_root(self, batch: UUID) -> bytes:
        return bytes(self.registry.functions.getBatchCommitment(self.item(batch).batch_id).call()[0])

    def assert_stored(self, batches: list[UUID]) -> None:
        self.assert_anchored_once(batches)
        for batch in batches:
            assert self.stored_root(batch) == self.item(batch).events_root


@pytest.fixture
async def registry(database: Database, ledger: Ledger, double: dict[str, Any]) -> AsyncIterator[Registry]:
    made = Registry(database, ledger, double)
    yield made
    await made.close()


async def test_the_commitments_of_several_streams_are_in_the_registry_with_their_roots(
    registry: Registry,
) -> None:
    batches = registry.commit(3) + registry.commit(2)
    await registry.drive(registry.worker(), lambda: set(registry.statuses(batches)) == {"anchored"})
    registry.assert_stored(batches)
    assert [state for state, *_ in registry.outbox()] == ["final"]


async def test_one_that_is_asked_for_does_not_overtake_an_earlier_one_of_its_stream(
    registry: Registry,
) -> None:
    batches = registry.commit(3)
    registry.superuser.execute("select ves.request_anchor(%s, %s)", [NIL, batches[2]])
    await registry.drive(registry.worker(), lambda: set(registry.statuses(batches)) == {"anchored"})
    registry.assert_stored(batches)


async def test_a_gap_is_told_with_the_registrys_reason_and_holds_no_other_stream_up(
    registry: Registry,
) -> None:
    """The threshold leaves an earlier commitment of the stream out, so the registry refuses the one asked for."""
    first, second, third = registry.commit(3)
    [other] = registry.commit()
    for batch in (third, other):
        registry.superuser.execute("select ves.request_anchor(%s, %s)", [NIL, batch])
    worker = registry.worker(threshold=3)
    await registry.drive(worker, lambda: registry.statuses([first, other]) == ["anchored"] * 2)
    found = registry.superuser.execute("select status, reason from ves.get_anchor(%s, %s)", [NIL, third])
    assert found.fetchone() == ("contradicted", "the SetRegistry refuses it: SequenceGap")
    await registry.drive(worker, lambda: registry.statuses([second]) == ["anchored"])
    registry.superuser.execute("select ves.request_anchor(%s, %s)", [NIL, third])
    await registry.drive(worker, lambda: registry.statuses([third]) == ["anchored"])
    registry.assert_stored([first, second, third, other])


async def test_a_registry_that_does_not_know_the_adapter_is_waited_for_with_the_reason(
    registry: Registry,
) -> None:
    batches = registry.commit(2)
    registry.authorize(registry.ledger.account.address)
    worker = registry.worker()
    for _ in range(3):
        await worker.step()
        assert registry.outbox() == [("planned", 0, "NotAuthorizedSequencer")]
    registry.authorize(registry.contract.address)
    await registry.drive(worker, lambda: set(registry.statuses(batches)) == {"anchored"})
    registry.assert_stored(batches)


async def test_what_the_registry_has_from_an_earlier_sequencer_counts_and_other_content_does_not(
    registry: Registry,
) -> None:
    [same] = registry.commit()
    [forged] = registry.commit()
    registry.authorize(registry.ledger.account.address)
    for batch, changes in ((same, {}), (forged, {"events_root": bytes(range(32))})):
        item = registry.item(batch, **changes)
        ids, roots, numbers = astuple(item)[:3], astuple(item)[3:5], astuple(item)[5:]
        registry.ledger.send(
            registry.registry.functions.commitBatch(*ids, roots[0], bytes(32), roots[1], *numbers)
        )
    registry.authorize(registry.contract.address)
    worker = registry.worker()
    await registry.drive(worker, lambda: registry.statuses([same, forged]) == ["anchored", "contradicted"])
    assert registry.stored_root(same) == registry.item(same).events_root


async def test_the_address_of_the_registry_itself_is_refused_by_name_before_anything_is_sent(
    registry: Registry,
) -> None:
    batches = registry.commit()
    registry.use(registry.registry.address)
    with pytest.raises(Exception, match="there is a SetRegistry, which only an adapter can write to"):
        await registry.worker().step()
    assert registry.statuses(batches) == ["pending"]
    assert registry.outbox() == []
