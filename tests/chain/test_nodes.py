"""Nodes that lie, lag, hang up or serve another chain: what a quorum does not say decides nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.chain.liar import liar
from tests.chain.system import UNIT
from ves_workers.chain.rpc import Chain, DisagreementError, UnavailableError
from ves_workers.runtime.loop import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chain.system import Pay, System

    Truth = Callable[[], dict[str, Any]]


def wrong_status(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_getTransactionReceipt" and answer.get("result"):
        answer["result"] |= {"status": "0x0", "logs": []}
    return answer


def other_block(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] in {"eth_getTransactionReceipt", "eth_getBlockByNumber"} and answer.get("result"):
        name = "blockHash" if "Receipt" in request["method"] else "hash"
        answer["result"][name] = "0x" + "66" * 32
    return answer


def no_receipt_and_a_used_nonce(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_getTransactionReceipt":
        answer["result"] = None
    if request["method"] == "eth_getTransactionCount":
        answer["result"] = hex(10**6)
    return answer


def far_head(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_blockNumber":
        answer["result"] = hex(10**7)
    return answer


def other_chain(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_chainId":
        answer["result"] = "0x1"
    return answer


def little_gas(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_estimateGas":
        answer["result"] = "0x5"
    return answer


def much_gas(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_estimateGas":
        answer["result"] = hex(2**300)
    return answer


def dear(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
    answer = truth()
    if request["method"] == "eth_feeHistory":
        answer["result"] = {
            "oldestBlock": "0x1",
            "baseFeePerGas": ["0x1", hex(2**200)],
            "gasUsedRatio": [0.5],
            "reward": [[hex(2**200)]],
        }
    return answer


def nonsense(result: Any) -> Any:
    def lie(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
        if request["method"] == "eth_chainId":
            return truth()
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    return lie


LIES = [
    wrong_status,
    other_block,
    no_receipt_and_a_used_nonce,
    far_head,
    other_chain,
    little_gas,
    much_gas,
    dear,
]
NONSENSE: list[Any] = [{}, [], "zz", 7, None]


def with_liar(system: System, url: str) -> None:
    """One node of three lies, and it is asked first."""
    system.settings = replace(system.settings, urls=(url, system.ledger.url, system.ledger.url), quorum=2)


@pytest.mark.parametrize(
    "lie", LIES + [pytest.param(nonsense(result), id=repr(result)) for result in NONSENSE]
)
async def test_one_liar_of_three_changes_nothing(system: System, lie: Any) -> None:
    payments = system.pay(2)
    with liar(system.ledger.url, lie) as url:
        with_liar(system, url)
        worker = system.worker()
        await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
        for _ in range(3):
            await worker.step()
        assert system.intents(payments) == [("batched", None)] * 2, "not final yet"
        await system.settle(worker, payments)
        system.assert_paid_once(payments)
        assert system.states() == ["planned", "signed", "broadcast", "mined", "final"]


@pytest.mark.parametrize("lie", [wrong_status, other_block])
async def test_two_nodes_that_disagree_are_unknown_never_failed_and_resolve(system: System, lie: Any) -> None:
    payments = system.pay(1)
    with liar(system.ledger.url, lie) as url:
        system.settings = replace(system.settings, urls=(url, system.ledger.url), quorum=2)
        worker = system.worker()
        await system.drive(worker, lambda: system.outbox()[0][0] == "unknown")
        for _ in range(3):
            await worker.step()
            system.ledger.mine()
        assert system.intents(payments) == [("batched", None)]
        row = system.superuser.execute("select status, tx_hash from ves_store.x402_settlements").fetchone()
        assert row is not None
        assert row[0] == "unknown"
        assert row[1].startswith("0x")
    system.settings = replace(system.settings, urls=(system.ledger.url,), quorum=1)
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)


async def test_a_node_that_hangs_up_after_the_broadcast_has_paid_once(system: System) -> None:
    def hangs_up(request: dict[str, Any], truth: Truth) -> dict[str, Any] | None:
        answer = truth()
        return None if request["method"] == "eth_sendRawTransaction" else answer

    payments = system.pay(1)
    with liar(system.ledger.url, hangs_up) as url:
        system.settings = replace(system.settings, urls=(url,))
        await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
    assert system.states() == ["planned", "signed", "mined", "final"]


async def test_a_node_without_old_states_is_enough_however_late_a_transaction_is_final(
    system: System,
) -> None:
    head = system.ledger.w3.eth.block_number

    def without_old_states(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
        answer, block = truth(), request["params"][-1] if request["params"] else "latest"
        if request["method"] == "eth_getTransactionCount" and block != "latest" and int(block, 16) < head:
            return {
                "jsonrpc": "2.0",
                "id": request["id"],
                "error": {"code": -32000, "message": "missing trie node"},
            }
        return answer

    payments = system.pay(1)
    system.ledger.mine(128)
    with liar(system.ledger.url, without_old_states) as url:
        worker = system.worker(urls=(url,), confirmations=1000)
        await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
    assert system.received(payments) == [UNIT]


async def test_a_chain_that_does_not_answer_is_waited_for_with_the_transaction_told(system: System) -> None:
    silent = False

    def sometimes(_: dict[str, Any], truth: Truth) -> dict[str, Any] | None:
        return None if silent else truth()

    payments = system.pay(1)
    with liar(system.ledger.url, sometimes) as url:
        system.settings = replace(system.settings, urls=(url,))
        worker = system.worker()
        await system.drive(worker, lambda: "broadcast" in system.states(), mine=False)
        silent = True
        with pytest.raises(UnavailableError):
            await worker.step()
        assert system.intents(payments) == [("batched", None)]
        silent = False
        await system.settle(worker, payments)
    system.assert_paid_once(payments)


async def test_a_node_that_serves_another_chain_for_a_while_decides_nothing(system: System, pay: Pay) -> None:
    is_other = False

    def changing(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
        return other_chain(request, truth) if is_other else truth()

    payments = pay(1)
    with liar(system.ledger.url, changing) as url:
        worker = system.worker(urls=(url,))
        for state in ("planned", "broadcast", "mined"):
            await system.drive(worker, lambda state=state: state in system.states(), mine=False)  # type: ignore[misc]
            is_other = True
            before = system.states()
            for _ in range(3):
                with contextlib.suppress(OutsideError):
                    await worker.step()
                system.ledger.mine()
            assert system.states() == before
            is_other = False
        await system.settle(worker, payments)
    system.assert_paid_once(payments)


ODD: list[Any] = [
    "-0x5",
    -5,
    hex(2**300),
    2**70,
    1.5,
    True,
    "busy",
    "x" * 100_000,
    [[]],
    {"number": "-0x1"},
    {"status": "0x7"},
]


@pytest.mark.parametrize("result", ODD, ids=[repr(result)[:20] for result in ODD])
@pytest.mark.parametrize("member", ["result", "error"])
async def test_the_only_node_answers_nonsense_and_then_the_truth(
    system: System, result: Any, member: str
) -> None:
    """Each step ends with one line that says so, and nothing is told but what is true."""
    payments, is_odd = system.pay(1), True

    def odd(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
        if request["method"] == "eth_chainId" or not is_odd:
            return truth()
        return {"jsonrpc": "2.0", "id": request["id"], member: result}

    with liar(system.ledger.url, odd) as url:
        worker = system.worker(urls=(url,))
        for _ in range(4):
            with contextlib.suppress(OutsideError):
                await worker.step()
        assert {state for state, _ in system.intents(payments)} == {"batched"}
        is_odd = False
        await system.drive(worker, lambda: "broadcast" in system.states(), mine=False)
        is_odd = True
        for _ in range(4):
            with contextlib.suppress(OutsideError):
                await worker.step()
        assert {state for state, _ in system.intents(payments)} == {"batched"}
        is_odd = False
        await system.settle(worker, payments)
    system.assert_paid_once(payments)


ODD_LOGS: list[Any] = [
    [{}], "zz", None, [{"topics": []}], [{"data": "0x"}], [{"data": "0x" + "ff" * 320}]
]  # fmt: skip


@pytest.mark.parametrize("logs", ODD_LOGS, ids=map(repr, range(len(ODD_LOGS))))
async def test_logs_that_no_contract_writes_are_no_answer(system: System, pay: Pay, logs: Any) -> None:
    payments, is_odd = pay(1), True

    def odd(request: dict[str, Any], truth: Truth) -> dict[str, Any]:
        answer = truth()
        if is_odd and request["method"] == "eth_getTransactionReceipt" and answer.get("result"):
            true = answer["result"]["logs"]
            changed = (
                [one | change for one, change in zip(true, logs * len(true), strict=False)]
                if isinstance(logs, list)
                else logs
            )
            answer["result"]["logs"] = [{}] if logs == [{}] else changed
        return answer

    with liar(system.ledger.url, odd) as url:
        worker = system.worker(urls=(url,))
        for _ in range(5):
            with contextlib.suppress(OutsideError):
                await worker.step()
            system.ledger.mine()
        assert {state for state, _ in system.intents(payments)} == {"batched"}
        is_odd = False
        await system.settle(worker, payments)
    system.assert_paid_once(payments)


def without_end(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@pytest.mark.parametrize("piece", [b" ", b" " * 1_000_000], ids=["drips", "floods"])
async def test_a_body_without_an_end_is_no_answer(system: System, piece: bytes) -> None:
    def endless(request: dict[str, Any], truth: Truth) -> Any:
        return truth() if request["method"] == "eth_chainId" else without_end(piece)

    with liar(system.ledger.url, endless) as url:
        chain = Chain((url, system.ledger.url), system.settings.chain_id, 1, 2)
        try:
            assert await chain.any(lambda w3: w3.eth.block_number) > 0
            with pytest.raises(UnavailableError):
                await chain.nodes[0].ask(lambda w3: w3.eth.block_number)
        finally:
            await chain.close()


async def test_the_breaker_opens_by_transport_faults_and_not_by_refusals(system: System) -> None:
    chain = Chain((system.ledger.url, "http://127.0.0.1:1"), system.settings.chain_id, 1, 2)
    try:
        good, dead = chain.nodes
        for _ in range(6):
            with pytest.raises(UnavailableError):
                await dead.ask(lambda w3: w3.eth.chain_id)
            assert await chain.send(b"no transaction") != []
        assert dead.breaker.current_state == "open"
        assert good.breaker.current_state == "closed"
        with pytest.raises(UnavailableError, match="breaker is open"):
            await dead.ask(lambda w3: w3.eth.chain_id)
        assert await chain.agreed(lambda w3: w3.eth.chain_id) == system.settings.chain_id
    finally:
        await chain.close()


async def test_only_another_chain_is_no_chain(system: System) -> None:
    chain = Chain((system.ledger.url,), 1, 1, 5)
    with pytest.raises(UnavailableError, match="serves chain"):
        await chain.agreed(lambda w3: w3.eth.block_number)
    await chain.close()
    two = Chain((system.ledger.url, system.ledger.url), system.settings.chain_id, 2, 5)
    answers = iter((1, 2))

    async def another(_: Any) -> int:
        return next(answers)

    with pytest.raises(DisagreementError):
        await two.agreed(another)
    await two.close()
