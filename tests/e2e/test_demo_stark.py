"""The demo's sealed order: a good proof is valid by REST and by SQL, and every bad one is refused with its reason."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from shop import stark
from shop.purchases import Shop
from shop.traffic import register
from tests.cli.system import System
from tests.support.processes import BOOTSTRAP_KEY
from ves_api.cli.database import open_database
from ves_client.errors import ClientError
from ves_client.sequencer import Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REASONS = {
    "an amount above the cap": "amount_violates_policy: ",
    "another amount than the order's": "amount_mismatch: the committed amount is not the payload's amount",
    "the same proof for another event": "stark_invalid: ",
    "one byte changed": "stark_invalid: ",
}


@pytest.fixture
def sequencer(system: System) -> Iterator[Sequencer]:
    with Sequencer(system.url, BOOTSTRAP_KEY) as client:
        yield client


@pytest.fixture
def shop(sequencer: Sequencer) -> Shop:
    made = Shop.from_seeds(uuid.uuid4(), [uuid.uuid4().bytes * 2])
    register(sequencer, made)
    return made


def test_the_scene_is_part_of_the_demo_and_gives_every_reason(here: System, demo: Callable[..., Any]) -> None:
    told = demo("--purchases", "5", "--proofs", "3", "--no-tampering")
    assert told.code == 0, told.err + told.out
    text = " ".join(told.out.split())
    assert "by REST VALID, by SQL VALID" in text if here.is_full else "by SQL not asked" in text
    assert text.count("refused (") >= len(REASONS)
    for tried, reason in REASONS.items():
        assert f"{tried}: refused ({reason}" in text
    assert "does not hide the amount" in text
    answer = json.loads(demo("--purchases", "5", "--proofs", "3", "--no-tampering", "--json").out)
    assert answer["stark"]["valid_by_rest"] is True
    assert answer["stark"]["valid_by_sql"] is (True if here.is_full else None)
    assert answer["stark"]["refusals"].keys() == REASONS.keys()


def test_the_order_is_encrypted_and_its_proof_is_listed(
    system: System, sequencer: Sequencer, shop: Shop
) -> None:
    with open_database(system.database.url("ves_admin")) as db:
        played = stark.play(sequencer, shop.tenant_id, shop.agents[0], db)
    assert played.by_rest["amount_binding"] == "not_checkable_by_server"
    with system.database.connect() as connection:
        row = connection.execute(
            "select e.payload_kind, e.payload is null, p.verified from ves_store.ves_compliance_proofs as p"
            " join ves_store.ves_events as e on e.event_id = p.event_id where p.proof_id = %s",
            [played.proof_id],
        ).fetchone()
    assert row == (1, True, True)


def test_the_scene_fails_when_a_bad_proof_is_accepted(
    sequencer: Sequencer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stark, "WRONG_AMOUNT", stark.AMOUNT)
    with pytest.raises(ClientError, match="a bad proof was accepted"):
        stark.play(sequencer, shop.tenant_id, shop.agents[0], None)
