"""The demo: purchases of a shop as signed events, from signing to proofs that an independent program checks."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from shop import scenes
from shop.purchases import STORES, read_purchases
from shop.report import Report
from shop.traffic import fetch_proofs, write_evidence
from shop.verify import independent
from ves_api.cli.settings import layers
from ves_client.commands import program
from ves_client.commands.options import ApiKey, PublicKey, Url
from ves_client.commands.output import JsonOption, note, print_json
from ves_client.errors import Exit
from ves_client.sequencer import Sequencer

Json = dict[str, Any]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Options of a run: tenant, maximum number of purchases, number of proofs, output folder."""

    tenant_id: UUID
    purchases: int | None
    proofs: int
    folder: Path
    tampering: bool
    public_key: str | None


def play(wanted: Wanted, sequencer: Sequencer, report: Report) -> Json:
    """Run all sections; return the results as JSON. Raises ClientError if a check fails."""
    started = time.monotonic()
    shop = scenes.load_shop(wanted.tenant_id, wanted.folder)
    report.section("A shop, 1997")
    log = read_purchases(wanted.purchases)
    customers = len({purchase.customer for purchase in log})
    report.line(
        f"   {len(log):,} purchases of {customers:,} customers; {len(STORES)} stores, {scenes.AGENTS} agents"
    )
    report.line(f"   tenant {shop.tenant_id}")
    total = customers + 2 * len(log)
    with report.work("sign", total, "events"):
        signed = shop.events(log)
    collection = scenes.scene_send(report, sequencer, shop, signed)
    scenes.scene_keys(report, sequencer, shop, signed)
    keys = scenes.trusted_keys(shop, collection, wanted.public_key)
    chains = scenes.scene_commit(report, sequencer, shop, collection)
    proofs = min(wanted.proofs, total)
    with report.work("prove", proofs, "proofs") as advance:
        fetched = fetch_proofs(sequencer, shop, collection, chains, count=wanted.proofs, advance=advance)
    stark = scenes.scene_stark(report, sequencer, shop)
    at_rest = scenes.scene_at_rest(report, sequencer, shop)
    followed = scenes.scene_followers(report, sequencer, log)
    payment = scenes.scene_pay(report, shop)
    agents = scenes.scene_two_agents(report, sequencer, shop.tenant_id, wanted.folder, keys)
    verdict = scenes.scene_verify(report, wanted.folder, keys, write_evidence(collection, chains, fetched))
    tampered = (
        scenes.scene_tamper(report) if wanted.tampering else {"played": False, "reason": "not asked for"}
    )
    seconds = time.monotonic() - started
    complete = verdict["valid"] and verdict["receipts"] == total and verdict["proofs"] == proofs
    if complete:
        place = wanted.folder
        report.line(f"\nDone after {seconds:.0f} s. Evidence and keys are in {place}; check them again with")
        check = [sys.executable, "-I", independent.__file__, f"{place}/keys.json", f"{place}/evidence.ndjson"]
        report.line(f"   {shlex.join(check)}")
        report.line("Every event is replayed with the same receipt by")
        again = [str(Path(sys.executable).with_name("ves")), "demo", "--tenant", str(shop.tenant_id)]
        report.line(f"   {shlex.join(again)}")
    return {
        "valid": complete,
        "tenant_id": shop.tenant_id,
        "accepted": collection.accepted,
        "replayed": collection.replayed,
        "seconds": round(seconds, 2),
        "verdict": verdict,
        "stark": stark,
        "at_rest": at_rest,
        "followers": followed,
        "payment": payment,
        "two_agents": agents,
        "tampering": tampered,
    }


@app.command()
def demo(
    *,
    tenant: Annotated[
        UUID | None, typer.Option("--tenant", help="Tenant of an earlier run: everything is replayed.")
    ] = None,
    purchases: Annotated[int | None, typer.Option(min=1, help="Play only so many purchases.")] = None,
    proofs: Annotated[int, typer.Option(min=0, help="Random inclusion proofs to check.")] = 1000,
    folder: Annotated[
        Path | None, typer.Option(help="Where keys and evidence go; .ves/demo when left out.")
    ] = None,
    tampering: Annotated[
        bool, typer.Option("--tampering/--no-tampering", help="Play the last scene.")
    ] = True,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Play 6,919 real purchases as signed events, commit them, and have every receipt checked independently."""
    settings = layers()
    if not settings.public_keys(public_key):
        # Checked before the first event is sent: without a public key the receipts cannot be verified.
        settings.need("VES_DATABASE_URL")
    state = settings.path.parent if settings.path else Path(tempfile.gettempdir()) / "ves"
    wanted = Wanted(tenant or uuid4(), purchases, proofs, folder or state / "demo", tampering, public_key)
    address, credential = settings.need("VES_HTTP_URL", url), settings.api_key(api_key)
    # Two of the agents are processes of their own, which read these settings.
    os.environ.update(VES_HTTP_URL=address, VES_API_KEY=credential)
    with Sequencer(address, credential) as sequencer:
        outcome = play(wanted, sequencer, Report(quiet=as_json))
    if as_json:
        print_json(outcome)
    if not outcome["valid"]:
        note("the evidence is not complete or not valid")
        raise typer.Exit(Exit.CHECK_FAILED)


def main() -> None:
    """Run the demo and end the process with an exit code of `ves`."""
    program.run(app)
