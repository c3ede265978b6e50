"""An agent's life in a process that is killed before its n-th SQL statement."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from ves_client import Outbox, Sequencer, Trust, accept_restore, grpc_sync, pull, push
from ves_client import sequencer as sequencer_module
from ves_client.grpc_sync import GrpcSync

EVENTS = 4


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """HTTP, or a SyncStream with HTTP behind it if the address is `host:port http://…`."""
    target, _, address = url.rpartition(" ")
    with Sequencer(address, "ss_x") as sequencer:
        if not target:
            yield sequencer
            return
        grpc_sync.AWAY_SECONDS = 0.0  # the stream is tried again after each fault
        with GrpcSync(target, "ss_x", sequencer) as stream:
            yield stream


def live(folder: Path, url: str, statement: int) -> None:
    """Record, push and prune; `folder`/acknowledged lists the entities whose `record` returned."""
    die_at(statement)
    with Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox, connected(url) as sequencer:
        own = outbox.connect()
        own.execute("create table if not exists orders (id text primary key)")
        for n in range(EVENTS):
            own.execute("begin immediate")
            own.execute("insert into orders values (?)", (f"O-{n}",))
            outbox.record("order", f"O-{n}", "order.created", {"n": n}, connection=own)
            own.execute("commit")
            with (folder / "acknowledged").open("a") as file:
                file.write(f"O-{n}\n")
        push(outbox, sequencer, Trust((SEQUENCER_KEY,)), batch=2, on_refusal=lambda _: "drop")
        outbox.prune(timedelta(0))
        own.close()


def follow(folder: Path, url: str, statement: int) -> None:
    """Pull the stream; `folder`/seen lists the numbers that `on_event` was called with."""
    die_at(statement)
    with Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox, Sequencer(url, "ss_x") as sequencer:

        def see(pulled: Any) -> None:
            with (folder / "seen").open("a") as file:
                file.write(f"{pulled.sequence_number}\n")

        pull(outbox, sequencer, Trust((SEQUENCER_KEY,)), limit=2, on_event=see)


def accept(folder: Path, _url: str, statement: int) -> None:
    """Accept that the sequencer was restored to number 1."""
    die_at(statement)
    with Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox:
        accept_restore(outbox, 1)


def die_at(statement: int) -> None:
    """Kill this process before its n-th SQL statement."""
    connect = sqlite3.connect
    left = statement

    def strike(_statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(strike)
        return connection

    sqlite3.connect = traced
    sequencer_module.FIRST_WAIT = 0.0  # a lost answer is asked for again at once
