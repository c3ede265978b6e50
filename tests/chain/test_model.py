"""The model of the outbox: nothing is paid twice or lost in any interleaving, and the database has the model's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chain.model import FUNCTIONS, Rules, World, explore

if TYPE_CHECKING:
    from tests.conftest import Database

# A fault that a missing rule lets in shows with few events of the chain.
FEW = World(reorgs=1, deep_reorgs=0, reverts=0, bumps=0)


def test_in_every_interleaving_the_payment_is_made_once_and_can_always_be_made() -> None:
    found = explore(Rules())
    assert found.wrong == set()
    assert found.dead_ends == 0
    assert found.steps == FUNCTIONS.keys(), "every step of the outbox is reached"
    assert found.worlds > 10_000


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (Rules(stores_before_sending=False), "sent before it was stored"),
        (Rules(waits_for_depth=False), "ruled out, and paid all the same"),
        (Rules(is_fenced=False, is_compared=False), "sent before it was stored"),
    ],
)
def test_the_model_finds_what_each_rule_prevents(rules: Rules, wrong: str) -> None:
    assert wrong in explore(rules, FEW, until=wrong).wrong


def test_the_model_gets_stuck_where_a_nonce_is_passed_over_before_it_is_final() -> None:
    found = explore(Rules(passes_final_only=False), FEW)
    assert found.wrong == set()
    assert found.dead_ends > 0


def test_the_database_has_the_steps_of_the_model_and_each_names_its_function(database: Database) -> None:
    with database.connect() as connection:
        steps = connection.execute(
            "select from_state, to_state from ves_store.transitions where machine = 'chain_transactions.status'"
        ).fetchall()
        assert set(steps) == FUNCTIONS.keys()
        functions = connection.execute(
            "select proname from pg_proc where pronamespace = 'ves'::regnamespace and proname = any(%s)",
            [sorted(set(FUNCTIONS.values()))],
        ).fetchall()
    assert {name for (name,) in functions} == set(FUNCTIONS.values())
