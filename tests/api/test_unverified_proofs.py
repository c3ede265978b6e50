"""Proofs stored while verification on submission is off: they hold no place, so they keep no later proof out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.api import proofs
from tests.api.proofs import COMPLIANCE, submission, submit
from tests.api.support import Agent, assert_error
from tests.api.test_compliance_proofs import sql_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.support.processes import Server


def test_without_verification_on_submission_a_bad_proof_is_stored_and_keeps_no_later_one_out(
    start_server: Callable[..., Server], database: Database
) -> None:
    agent = Agent()
    with start_server(VES_STARK_VERIFY_ON_SUBMIT="").client() as careless, start_server().client() as careful:
        agent.register(careless)
        event = proofs.store_event(careless, agent, {"amount": 5000})
        inputs = proofs.inputs_of(careless, event)
        bad, good = submission(proofs.prove(inputs, 1)), submission(proofs.prove(inputs, 5000))
        stored = submit(careless, event, bad).json()
        assert stored["amount_binding"] == "mismatch"
        verdict = careless.get(f"{COMPLIANCE}/proofs/{stored['proof_id']}/verify").json()
        assert (verdict["valid"], verdict["reason"]) == (False, "stark_invalid")
        assert "amount" in verdict["stark_error"]
        assert submit(careless, event, bad).json() == stored

        lying = submit(careless, event, good | {"witnessCommitment": bad["witnessCommitment"]})
        beside = submit(careless, event, good)
        assert (lying.status_code, beside.status_code) == (200, 200), beside.text
        placed = submit(careful, event, good)
        assert placed.status_code == 200, placed.text
        assert placed.json()["amount_binding"] == "bound"
        assert submit(careful, event, good).json() == placed.json()
        assert submit(careless, event, good).json() == placed.json()
        assert_error(submit(careless, event, bad | {"proofB64": "AAAA"}), 409, "ALREADY_EXISTS")
        listed = careful.get(f"{COMPLIANCE}/{event}/proofs").json()["proofs"]
    assert [proof["proof_id"] for proof in listed] == [
        answer.json()["proof_id"] if answer is not None else stored["proof_id"]
        for answer in (None, lying, beside, placed)
    ]
    in_sql = sql_verdict(database, stored["proof_id"])
    assert (in_sql["valid"], in_sql["reason"]) == (False, "stark_invalid")
    with database.connect() as connection:
        rows = connection.execute(
            "select verified from ves_store.ves_compliance_proofs where event_id = %s order by submitted_at",
            [event],
        ).fetchall()
    assert rows == [(False,), (False,), (False,), (True,)]


def test_verified_and_unverified_submissions_at_once_end_in_one_place_and_no_conflict(
    start_server: Callable[..., Server], database: Database
) -> None:
    agent = Agent()
    careless, careful = start_server(VES_STARK_VERIFY_ON_SUBMIT="off"), start_server()
    with careful.client() as client:
        agent.register(client)
        event = proofs.store_event(client, agent, {"amount": 5000})
        good = submission(proofs.prove(proofs.inputs_of(client, event), 5000))

    def one(at: int) -> int:
        with (careful if at % 2 else careless).client() as client:
            return submit(client, event, good).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(one, range(24))) == {200}
    with database.connect() as connection:
        rows = connection.execute(
            "select count(*) filter (where verified), count(*) filter (where not verified) <= 1"
            " from ves_store.ves_compliance_proofs where event_id = %s",
            [event],
        ).fetchall()
    assert rows == [(1, True)]
