"""Two agents, one shop: both offline for a week of purchases, then they sync while plugs are pulled. Prints nothing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shop.incidents import ensure_key
from shop.kiosk import CLOCKS_OFF, Kiosk, purchases_of_week
from shop.purchases import OLD_KEY
from ves_api.cli.settings import layers
from ves_client import AgentKey, Exit, rotate_key
from ves_client.errors import check_failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_client import Sequencer

ROTATING = 1
GRACE_SECONDS = 3600
PLUGS = 2  # pulled for each agent and errand
LINES = 40  # of an errand's output, among which they are pulled
MOST_STARTS = 30


@dataclass(slots=True)
class Played:
    """What happened, and the sum in cents of the events that each agent holds at the end."""

    purchases: int
    cents: int
    held_cents: list[int] = field(default_factory=list)
    plugs: int = 0
    server_kills: int = 0
    new_key: int | None = None

    @property
    def valid(self) -> bool:
        """Whether both agents hold exactly the total of the source file."""
        return self.held_cents == [self.cents] * len(CLOCKS_OFF)


def play(
    tenant_id: uuid.UUID,
    folder: Path,
    sequencer: Sequencer,
    sequencer_keys: str,
    kill_server: Callable[[], bool],
) -> Played:
    """Play the week; `folder` keeps the agents' files, so a repeat finds everything sent and pulled.

    `sequencer_keys` are in hex, separated by commas. `kill_server` kills the server, if it can, and says whether it did.
    """
    place = folder / f"two-agents-{tenant_id}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    store_id = uuid.uuid5(tenant_id, "store/two agents")
    kiosks = [Kiosk(place, tenant_id, store_id, number) for number in range(len(CLOCKS_OFF))]
    week = purchases_of_week()
    played = Played(len(week), sum(purchase.cents for purchase in week))
    for kiosk in kiosks:
        if not kiosk.key_file.exists():
            AgentKey.new(uuid.uuid5(tenant_id, f"two agents/{kiosk.number}"), OLD_KEY).save(kiosk.key_file)
        ensure_key(sequencer, tenant_id, AgentKey.load(kiosk.key_file))
    halves = [len(purchases_of_week(kiosk.number)) // 2 for kiosk in kiosks]
    chance = random.Random(tenant_id.int)  # noqa: S311 - moments, not secrets
    both = partial(_both, kiosks, chance, played)
    both("record", [str(half) for half in halves])
    if AgentKey.load(kiosks[ROTATING].key_file).key_id == OLD_KEY:
        rotated = rotate_key(kiosks[ROTATING].key_file, sequencer, tenant_id, grace_seconds=GRACE_SECONDS)
        played.new_key = rotated.key_id
    both("record", [str(len(week))] * len(kiosks))

    def kill() -> None:
        played.server_kills += kill_server()

    both("sync", [sequencer_keys] * len(kiosks), kill)
    for kiosk in kiosks:  # what the other one sent after its last pull
        _run(kiosk, "sync", sequencer_keys)
    streams = [_pulled(kiosk) for kiosk in kiosks]
    if streams[0] != streams[1] or len({event_id for event_id, _ in streams[0]}) != len(week):
        raise check_failed("the two agents do not hold the same events, each purchase once")
    played.held_cents = [sum(cents for _, cents in stream) for stream in streams]
    return played


def kill_local_server() -> bool:
    """Kill the API of `make up` with SIGKILL, if this machine runs it; its supervisor starts it again."""
    path = layers().path
    settings = path.parent / "supervisord.conf" if path else None
    if settings is None or not settings.exists():
        return False
    program = str(Path(sys.executable).with_name("supervisorctl"))
    command = [program, "-c", str(settings), "signal", "KILL", "api"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _both(
    kiosks: list[Kiosk],
    chance: random.Random,
    played: Played,
    errand: str,
    arguments: list[str],
    at_first_line: Callable[[], None] | None = None,
) -> None:
    """Run an errand of both agents at the same time, each with plugs pulled at random lines."""
    plugs = [[chance.randint(1, LINES) for _ in range(PLUGS)] for _ in kiosks]
    firsts = [at_first_line, *[None] * (len(kiosks) - 1)]
    with ThreadPoolExecutor(len(kiosks)) as pool:
        played.plugs += sum(pool.map(_finish, kiosks, [errand] * len(kiosks), arguments, plugs, firsts))


def _finish(
    kiosk: Kiosk, errand: str, argument: str, plugs: list[int], at_first_line: Callable[[], None] | None
) -> int:
    """Start an errand until it ends well, and pull the plug at these lines; returns how often it was pulled."""
    pulled = 0
    for _ in range(MOST_STARTS):
        code = _run(kiosk, errand, argument, plugs.pop() if plugs else None, at_first_line)
        at_first_line = None
        pulled += code == -signal.SIGKILL
        if code == 0:
            return pulled
        if code not in {-signal.SIGKILL, Exit.UNREACHABLE}:
            break
    raise check_failed(f"agent {kiosk.number} could not finish: {errand} ended with {code}")


def _run(
    kiosk: Kiosk,
    errand: str,
    argument: str,
    plug: int | None = None,
    at_first_line: Callable[[], None] | None = None,
) -> int:
    """Run an errand once; returns its exit code, -9 if it was killed at line `plug`."""
    command = [sys.executable, "-m", "shop.kiosk", errand, kiosk.folder, kiosk.tenant_id, kiosk.store_id]
    with subprocess.Popen(
        [*map(str, command), str(kiosk.number), argument], stdout=subprocess.PIPE, env=_environment()
    ) as process:
        for line, _ in enumerate(process.stdout or (), 1):
            if line == 1 and at_first_line:
                at_first_line()
            if line == plug:
                process.kill()
    return process.returncode


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _pulled(kiosk: Kiosk) -> list[tuple[str, int]]:
    """Return the events that an agent has pulled by number: id and cents."""
    with closing(sqlite3.connect(kiosk.database)) as database:
        return database.execute(
            "select event_id, json_extract(payload, '$.totalCents') from pulled_events order by sequence_number"
        ).fetchall()
