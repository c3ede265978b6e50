"""The verifying processes: bounded in number and time, replaced when they die, gone with their owner."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import ROOT
from ves_api.children import pool
from ves_api.children.__main__ import lighten
from ves_api.verifier.child import Question
from ves_api.verifier.pool import Verifier
from ves_edge.errors import ApiError

PROOF = json.loads((ROOT / "tests/vectors/stark/proof_aml_default.json").read_text(encoding="utf-8"))
GOOD = Question(
    proof_type="stark",
    proof=PROOF["proofB64"],
    public_inputs=json.dumps(PROOF["publicInputs"]),
    witness=PROOF["witnessCommitmentHex"],
    payload=None,
)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'api'}:{ROOT / 'plpython'}")


async def test_a_good_proof_verifies_in_one_process_that_is_kept() -> None:
    verifier = Verifier(2)
    first = await verifier.judge(GOOD)
    assert (first.error, first.amount_binding) == (None, "not_checkable_by_server")
    assert base64.b64decode(PROOF["proofB64"])[15:23].hex() == first.options
    kept = verifier._children._idle[0].pid
    assert (await verifier.judge(GOOD)).error is None
    assert [process.pid for process in verifier._children._idle] == [kept]
    await verifier.close()


async def test_a_process_that_died_is_replaced() -> None:
    verifier = Verifier(1)
    await verifier.judge(GOOD)
    verifier._children._idle[0].kill()
    await verifier._children._idle[0].wait()
    assert (await verifier.judge(GOOD)).error is None
    await verifier.close()


async def test_too_long_a_verification_is_stopped_and_its_process_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_COMMAND", ("sleep", "60"))
    verifier = Verifier(1, limit=0.2)
    with pytest.raises(ApiError) as refusal:
        await verifier.judge(GOOD)
    assert (refusal.value.status, refusal.value.details) == (400, {"reason": "timeout"})
    assert verifier._children._idle == []


async def test_who_gets_no_turn_in_time_is_told_to_come_back() -> None:
    verifier = Verifier(1, wait=0.1)
    async with verifier.slot("tenant"):
        with pytest.raises(ApiError) as refusal:
            async with verifier.slot("tenant"):
                pytest.fail("two turns at a time")
    assert (refusal.value.status, refusal.value.retry_after) == (503, 1)
    async with verifier.slot("tenant"):
        pass  # it was given back


async def test_turns_are_given_in_the_order_of_asking() -> None:
    verifier = Verifier(1)
    order: list[int] = []

    async def one(number: int) -> None:
        async with verifier.slot("tenant"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*[one(number) for number in range(20)])
    assert order == list(range(20))


async def test_a_tenant_with_one_proof_does_not_wait_for_all_of_another() -> None:
    verifier = Verifier(1)
    order: list[str] = []

    async def one(key: str) -> None:
        async with verifier.slot(key):
            order.append(key)

    await asyncio.gather(*[one(key) for key in ["busy"] * 20 + ["other"]])
    assert order.index("other") <= 2
    assert len(order) == 21


async def test_a_cancelled_question_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_COMMAND", ("sleep", "60"))
    verifier = Verifier(1, limit=5)
    first = asyncio.create_task(verifier.judge(GOOD))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert verifier._children._idle == []


def _group_niceness(pid: int) -> int | None:
    """What the kernel's grouping by session weighs a process with; None where it does not group."""
    group = Path(f"/proc/{pid}/autogroup")
    return int(group.read_text(encoding="ascii").split()[-1]) if group.exists() else None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
async def test_a_verifying_process_gives_way_in_a_session_of_its_own() -> None:
    verifier = Verifier(1)
    await verifier.judge(GOOD)
    pid = verifier._children._idle[0].pid
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    assert os.getsid(pid) == pid
    assert _group_niceness(pid) in {None, 10}
    await verifier.close()


def test_a_session_whose_weight_is_not_taken_at_once_asks_again(tmp_path: Path) -> None:
    class Busy(type(tmp_path)):  # type: ignore[misc]
        """A kernel that wants to be asked later, twice."""

        refusals = 2

        def write_text(self, *arguments: Any, **named: Any) -> int:
            if Busy.refusals:
                Busy.refusals -= 1
                raise BlockingIOError
            return Path(self).write_text(*arguments, **named)

    lighten(Busy(tmp_path / "autogroup"), 10)
    assert (tmp_path / "autogroup").read_text(encoding="ascii") == "10"
    lighten(tmp_path / "no such folder" / "autogroup", 10)
    assert not (tmp_path / "no such folder").exists()
