"""One of the two agents, a process of its own: `python -m shop.kiosk record|sync FOLDER TENANT STORE NUMBER ARGUMENT`.

It prints a line for each step that is durable, so that its parent can pull the plug at any of them. What it did is in its
outbox; a process that is started again goes on from there.
"""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import typer

from shop.purchases import Purchase, read_purchases
from ves_client import AgentKey, ClientError, Outbox, Sequencer, Trust, pull, push
from ves_client.commands.settings import layers, open_sync

WEEK = ("1997-03-03", "1997-03-09")
CLOCKS_OFF = (timedelta(hours=1), timedelta(0))  # the first agent's clock is an hour ahead
BATCH = 10
ATTEMPTS = 30  # the server is killed meanwhile


@dataclass(frozen=True, slots=True)
class Kiosk:
    """The files of one agent, and its stream."""

    folder: Path
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    number: int

    @property
    def key_file(self) -> Path:
        """Return the file of its key, which is exchanged when the key is rotated."""
        return self.folder / f"kiosk-{self.number}.json"

    @property
    def database(self) -> Path:
        """Return the file of its shop and its outbox."""
        return self.folder / f"kiosk-{self.number}.db"

    def open(self) -> Outbox:
        """Open its outbox with the key that it has now."""
        return Outbox(self.database, AgentKey.load(self.key_file), self.tenant_id, self.store_id)


def purchases_of_week(kiosk: int | None = None) -> list[Purchase]:
    """Return the purchases of the week, or those of one kiosk."""
    week = [purchase for purchase in read_purchases() if WEEK[0] <= purchase.day <= WEEK[1]]
    return [purchase for purchase in week if kiosk is None or purchase.customer % len(CLOCKS_OFF) == kiosk]


def record(kiosk: Kiosk, up_to: int) -> None:
    """Record the first `up_to` purchases that are not in the shop's table yet: row and event in one transaction."""
    with kiosk.open() as outbox:
        with outbox.transaction() as shop:
            shop.execute(
                "create table if not exists sales (number integer primary key, cents integer not null)"
            )
        with outbox.transaction() as shop:
            known = {number for (number,) in shop.execute("select number from sales")}
        for purchase in purchases_of_week(kiosk.number)[:up_to]:
            if purchase.number in known:
                continue
            order = f"order-{purchase.number:06}"
            moment = (
                datetime.fromisoformat(f"{purchase.day}T12:00:00.000001+00:00") + CLOCKS_OFF[kiosk.number]
            )
            with outbox.transaction() as shop:
                shop.execute("insert into sales values (?, ?)", (purchase.number, purchase.cents))
                outbox.record(
                    "order",
                    order,
                    "order.confirmed",
                    {"orderId": order, "totalCents": purchase.cents, "confirmedOn": purchase.day},
                    event_id=uuid.uuid5(kiosk.store_id, order),
                    created_at=moment.isoformat(timespec="microseconds"),
                )
            typer.echo(f"recorded {order}")


def sync(kiosk: Kiosk, trust: Trust) -> None:
    """Send what is left, then pull what both agents have written."""
    settings = layers()
    with (
        kiosk.open() as outbox,
        Sequencer(settings.need("VES_HTTP_URL"), settings.api_key(), attempts=ATTEMPTS) as sequencer,
        open_sync(sequencer) as source,
    ):
        push(outbox, sequencer, trust, batch=BATCH, on_receipt=lambda it, _: typer.echo(f"receipt {it}"))
        pull(
            outbox,
            sequencer,
            trust,
            source=source,
            limit=BATCH,
            on_event=lambda it: typer.echo(f"pulled {it.sequence_number}"),
        )


def main() -> None:
    """Run one errand; the exit code is that of a `ves` command."""
    errand, folder, tenant, store, number, argument = sys.argv[1:]
    kiosk = Kiosk(Path(folder), uuid.UUID(tenant), uuid.UUID(store), int(number))
    try:
        if errand == "record":
            record(kiosk, int(argument))
        else:
            sync(kiosk, Trust(tuple(bytes.fromhex(key) for key in argument.split(","))))
    except ClientError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.status)


if __name__ == "__main__":
    main()
