"""The worker dies between any two of its acts, and payments are made once all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.chain.system import Crash, Pay, System, crash_while_sending
from tests.support.waiting import wait_until
from ves_workers.chain.rpc import Chain
from ves_workers.runtime.database import WorkerDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_edge.catalog import Function
    from ves_edge.pool import Row
    from ves_workers.settings.process import Settings

MOST_ACTS = 60


class Acts:
    """Counts what the worker does to the world, and crashes at one of them: before it, or after it."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after, self.done = at, after, 0
        self.names: list[str] = []

    async def act(self, name: str, perform: Any) -> Any:
        self.done += 1
        self.names.append(name)
        if self.done == self.at and not self.after:
            raise Crash
        result = await perform()
        if self.done == self.at:
            raise Crash
        return result


class CrashingDatabase(WorkerDatabase):
    """Every call is an act."""

    def __init__(self, settings: Settings, acts: Acts) -> None:
        super().__init__(settings, "ves-worker-test")
        self.acts = acts

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        perform = super().fetch
        return await self.acts.act(function.name, lambda: perform(function, parameters))  # type: ignore[no-any-return]


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_before_or_after_any_act_loses_and_repeats_nothing(
    system: System, pay: Pay, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    send = Chain.send
    reached: set[str] = set()
    for at in range(1, MOST_ACTS):
        payments = pay(1)
        acts = Acts(at, after=after)
        with monkeypatch.context() as patch:

            async def sending(chain: Chain, raw: bytes, acts: Acts = acts) -> Any:
                return await acts.act("send", lambda: send(chain, raw))

            patch.setattr(Chain, "send", sending)
            victim = system.worker(lambda settings, acts=acts: CrashingDatabase(settings, acts))  # type: ignore[misc]
            try:
                await system.settle(victim, payments)
                crashed = False
            except Crash:
                crashed = True
            acts.at = 0
        await system.bury(victim)
        successor = system.worker()
        await system.settle(successor, payments)
        await system.bury(successor)
        system.assert_paid_once(payments)
        reached |= set(acts.names)
        if not crashed:
            break
    else:
        pytest.fail("more acts than expected")
    assert {"claim_lease", "open_chain_account", "plan_settlements", "plan_transaction", "sign_transaction", "send",
            "step_transaction", "mine_transaction", "finish_transaction"} <= reached  # fmt: skip


async def test_bytes_that_were_stored_and_not_sent_are_sent_by_the_next_worker(
    system: System, pay: Pay
) -> None:
    payments = pay(1)
    with crash_while_sending(after=False), pytest.raises(Crash):
        await system.settle(system.worker(), payments)
    assert system.states()[-1] == "signed"
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
    assert system.outbox()[0][1] == 1, "one attempt"


async def test_bytes_that_were_sent_and_not_noted_are_found_in_their_block(system: System, pay: Pay) -> None:
    payments = pay(1)
    with crash_while_sending(after=True), pytest.raises(Crash):
        await system.settle(system.worker(), payments)
    # the node answers before it has made the block
    wait_until(lambda: system.received(payments) == [1_000_000])
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
    assert system.states() == ["planned", "signed", "mined", "final"]


async def test_a_paused_worker_that_wakes_up_changes_nothing(system: System, pay: Pay) -> None:
    payments = pay(1)
    sleeper, successor = system.worker(), system.worker()
    system.ledger.automine(on=False)
    try:
        await sleeper.step()
        await successor.step()
        system.superuser.execute(
            "update ves_store.leases set expires_at = now() where name = 'x402_settlement'"
        )
        await successor.step()
        with pytest.raises(Exception, match="lease"):
            await sleeper.step()
    finally:
        system.ledger.automine(on=True)
        system.ledger.mine()
    await system.settle(successor, payments)
    system.assert_paid_once(payments)


def test_a_killed_process_is_followed_by_another(system: System, pay: Pay, start: Any) -> None:
    payments = pay(2)
    env = {
        "L2_RPC_URL": system.ledger.url,
        "L2_CHAIN_ID": str(system.settings.chain_id),
        "VES_CHAIN_CONFIRMATIONS": "1",
        "VES_CHAIN_POLL_MS": "20",
        "VES_CHAIN_SETTLER_KEY_FILE": system.settings.settler_key_file,
    }
    system.ledger.automine(on=False)
    try:
        process = start("settlement", **env)
        wait_until(
            lambda: "broadcast" in {state for state, _, _ in system.outbox()}, "a broadcast transaction"
        )
        process.kill()
        system.superuser.execute(
            "update ves_store.leases set expires_at = now() where name = 'x402_settlement'"
        )
    finally:
        system.ledger.automine(on=True)
        system.ledger.mine()
    start("settlement", **env)
    wait_until(lambda: system.batch(payments) == "settled", "settled payments")
    system.assert_paid_once(payments)
