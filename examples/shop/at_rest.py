"""Key rotation at rest for the tenant of the demo: its rows are re-encrypted while an agent keeps sending."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson

from ves_api.cli.admin_program.at_rest import reencrypt
from ves_api.cli.keyring import find_file, rotate_file
from ves_client.agent import Event, sign_event
from ves_client.errors import check_failed
from ves_edge.errors import ApiError
from ves_edge.gen import sync

if TYPE_CHECKING:
    from shop.purchases import Agent, Shop
    from ves_api.cli.database import OperatorDatabase
    from ves_client.sequencer import Sequencer

BATCH = 20
ROWS = 500


class SkippedError(Exception):
    """The scene cannot run here; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """Events sent during the rotation, re-encrypted rows, and rows still under the old key (0)."""

    meanwhile: int
    updated: int
    left: int


def play(sequencer: Sequencer, shop: Shop, db: OperatorDatabase | None) -> Rotated:
    """Rotate the tenant key and re-encrypt its rows under load. Exit code 1 if an event is lost or a row is left."""
    file = find_file()
    if db is None:
        raise SkippedError("no database of the operator is known")
    if file is None or not os.access(file, os.R_OK | os.W_OK):
        raise SkippedError("no key ring file of this system is known: VES_KEYRING_FILE")
    agent = replace(shop.agents[0], store_id=uuid4())
    load = _Load(sequencer, shop, agent)
    with load:
        load.wait_for(BATCH)
        rotate_file(file, shop.tenant_id)
        before = load.wait_for(BATCH)
        updated = _reencrypt(db, shop, dry_run=False)
        load.wait_for(BATCH)
    left = _reencrypt(db, shop, dry_run=True)
    findings = sync.verify_stream(db, tenant_id=shop.tenant_id, store_id=agent.store_id)
    if left or findings or load.sent < before:
        raise check_failed("the rotation of the key at rest left something behind", {"left": left})
    return Rotated(load.sent, updated, left)


def _reencrypt(db: OperatorDatabase, shop: Shop, *, dry_run: bool) -> int:
    steps = reencrypt(db, sync.reencrypt_events, batch_size=ROWS, tenant_id=shop.tenant_id, dry_run=dry_run)
    try:
        return sum(step.updated for step in steps)
    except ApiError as error:
        if error.name == "crypto_unavailable":
            raise SkippedError("core mode: the database cannot encrypt") from error
        raise


class _Load:
    """Sends batches of an agent until the block ends; a rejected event ends the demo."""

    def __init__(self, sequencer: Sequencer, shop: Shop, agent: Agent) -> None:
        self._sequencer, self._shop, self._agent = sequencer, shop, agent
        self._enough = threading.Event()
        self._moved = threading.Condition()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def wait_for(self, more: int) -> int:
        """Wait until `more` further events are accepted; return the number accepted since the start."""
        with self._moved:
            goal = self.sent + more
            self._moved.wait_for(lambda: self.sent >= goal or self._failure)
            return self.sent

    def _run(self) -> None:
        try:
            while not self._enough.is_set():
                self._send()
        except BaseException as error:  # noqa: BLE001 - re-raised in the waiting thread
            with self._moved:
                self._failure = error
                self._moved.notify_all()

    def _send(self) -> None:
        agent, tenant_id = self._agent, self._shop.tenant_id
        texts = [
            sign_event(agent.key, tenant_id, agent.store_id, self._event(number)).text
            for number in range(BATCH)
        ]
        answer = self._sequencer.ingest(agent.key.agent_id, texts)
        if answer.events_accepted != BATCH:
            raise check_failed("an event was refused while the key at rest was rotated")
        with self._moved:
            self.sent += BATCH
            self._moved.notify_all()

    def _event(self, number: int) -> Event:
        payload = orjson.dumps({"note": f"still open, {self.sent + number}"})
        return Event(uuid4(), "shop", "rock", "shop.opened", "1998-06-30T12:00:00Z", payload)
