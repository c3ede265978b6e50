"""`ves demo`: the story of a shop's purchases, from signed events to proofs that an outsider checks."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import orjson
import typer

from ves_api.cli.admin import open_admin
from ves_api.cli.demo import at_rest_scene, independent, stark_scene
from ves_api.cli.demo.play import (
    Book,
    commit_rest,
    fetch_proofs,
    lie,
    register,
    send,
    stutter,
    write_evidence,
)
from ves_api.cli.demo.purchases import (
    AGENTS_PER_STORE,
    NEW_KEY,
    OLD_KEY,
    READERS,
    SEALED_STORE,
    STORES,
    Cast,
    read_purchases,
)
from ves_api.cli.demo.rules import break_a_rule, dismiss, open_a_letter, register_schemas
from ves_api.cli.options import ApiKey, PublicKey, Url
from ves_api.cli.settings import layers
from ves_client.agent import SEED_BYTES
from ves_client.commands.output import JsonOption, note, out, print_json, progress
from ves_client.errors import Exit, check_failed, usage
from ves_client.sequencer import Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ves_api.cli.demo.purchases import Agent
    from ves_client.agent import Signed

Json = dict[str, Any]
AGENTS = len(STORES) * AGENTS_PER_STORE
VERIFIER_SECONDS = 600
READER_NAMES = " and ".join(READERS.values())


class Teller:
    """Tells the scenes with their times; silent when the caller wants JSON."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._scene = 0

    def scene(self, title: str) -> None:
        """Start a scene."""
        self._scene += 1
        if not self.quiet:
            out.print(f"\n{self._scene}. {title}", style="bold")

    def say(self, text: str) -> None:
        """Tell one line."""
        if not self.quiet:
            out.print(text)

    @contextmanager
    def work(self, label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """Show progress while the block works, then its rate."""
        started = time.monotonic()
        with progress(label, total, unit, quiet=self.quiet) as advance:
            yield advance
        seconds = time.monotonic() - started
        self.say(
            f"   {label}: {total:,} {unit} in {seconds:.1f} s ({total / max(seconds, 0.001):,.0f} {unit}/s)"
        )


def load_cast(tenant_id: UUID, folder: Path) -> Cast:
    """Give a tenant's cast: its secrets are kept (0600), so that a repeated run signs the same bytes."""
    file = folder / f"cast-{tenant_id}.hex"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as fresh:
                fresh.write("\n".join(secrets.token_hex(SEED_BYTES) for _ in range(AGENTS)))
        seeds = [bytes.fromhex(line) for line in file.read_text().split()]
    except OSError as error:
        raise usage(
            f"cannot keep the agents' keys in {folder}: {error.strerror}; name a folder with --folder"
        ) from error
    return Cast.from_seeds(tenant_id, seeds)


def trusted_keys(cast: Cast, book: Book, public_key: str | None) -> Json:
    """Give the keys that the verifier is told: the agents', and the sequencer's from `--public-key` or the database."""
    if keys := layers().public_keys(public_key):
        if len(keys) > 1:
            raise usage("the demo takes one --public-key")
        sequencers = {sequencer_id: keys[0].hex() for sequencer_id in book.sequencers}
    else:
        with open_admin(None) as admin:
            signers = admin.list_signers()
        sequencers = {
            str(row["sequencer_id"]): bytes(row["public_key"]).hex() for row in signers if row["public_key"]
        }
    pairs = [key for agent in cast.agents for key in (agent.key, agent.next_key) if key]
    agents = {f"{key.agent_id}/{key.key_id}": key.public_key.hex() for key in pairs}
    return {"sequencers": sequencers, "agents": agents}


def run_verifier(folder: Path, keys: Json, evidence: bytes) -> Json:
    """Run the independent verifier as a process of its own, isolated from this program's import path."""
    keys_file, evidence_file = folder / "keys.json", folder / "evidence.ndjson"
    keys_file.write_bytes(orjson.dumps(keys, option=orjson.OPT_INDENT_2))
    evidence_file.write_bytes(evidence)
    done = subprocess.run(
        [sys.executable, "-I", independent.__file__, keys_file, evidence_file],
        check=False,
        capture_output=True,
        timeout=VERIFIER_SECONDS,
    )
    if done.returncode not in {0, 1}:
        raise check_failed("the independent verifier did not run", {"stderr": done.stderr.decode()[-400:]})
    verdict: Json = orjson.loads(done.stdout)
    return verdict


def _scene_send(teller: Teller, sequencer: Sequencer, cast: Cast, signed: dict[Agent, list[Signed]]) -> Book:
    total = sum(map(len, signed.values()))
    teller.scene("The agents report")
    register(sequencer, cast)
    count = register_schemas(sequencer, cast.tenant_id)
    teller.say(f"   {count} event types have a schema; {SEALED_STORE} seals its payloads for {READER_NAMES}")
    with teller.work("send", total, "events") as advance:
        book = send(sequencer, cast, signed, advance)
    teller.say(
        f"   {book.accepted:,} accepted, {book.replayed:,} replayed; {book.receipts:,} signed receipts held"
    )
    agent, events = next((agent, events) for agent, events in signed.items() if events)
    count = stutter(sequencer, agent, events[:100], book)
    teller.say(f"   {count} events sent once more: nothing accepted, the same receipts byte for byte")
    teller.say(f"   two forgeries: refused ({', '.join(lie(sequencer, cast))})")
    teller.say(f"   an order against its schema: refused ({break_a_rule(sequencer, cast)})")
    return book


def _scene_keys(teller: Teller, sequencer: Sequencer, cast: Cast, signed: dict[Agent, list[Signed]]) -> None:
    teller.scene("Keys come and go")
    agent = next(agent for agent in cast.agents if agent.next_key)
    counts = Counter(event.key_id for event in signed[agent])
    teller.say(
        f"   one agent changed its key midway: {counts[OLD_KEY]:,} events under key {OLD_KEY}, {counts[NEW_KEY]:,} under key {NEW_KEY}"
    )
    first, refusal = dismiss(sequencer, cast)
    teller.say(
        f"   a seasonal agent reports ({first}), its key is revoked, it reports again: refused ({refusal})"
    )
    opened = open_a_letter(cast, signed)
    teller.say(f"   a sealed order: {opened}")


def _scene_commit(teller: Teller, sequencer: Sequencer, cast: Cast, book: Book) -> dict[UUID, list[Json]]:
    teller.scene("The sequencer commits")
    chains = {
        store_id: commit_rest(sequencer, cast.tenant_id, store_id, max(page))
        for store_id, page in book.pages.items()
    }
    for name, store_id in zip(STORES, cast.store_ids, strict=True):
        if chain := chains.get(store_id):
            last = chain[-1]
            teller.say(
                f"   {name:<12} 1..{last['sequence_end']:<6} in {len(chain):>2} commitments, state root {last['new_state_root'][:16]}…"
            )
    return chains


def _scene_verify(teller: Teller, folder: Path, keys: Json, evidence: bytes) -> Json:
    teller.scene("An outsider checks, offline, with a program that shares nothing with the sequencer")
    started = time.monotonic()
    verdict = run_verifier(folder, keys, evidence)
    seconds = time.monotonic() - started
    counts = f"{verdict['receipts']:,} receipts, {verdict['proofs']:,} proofs, {verdict['commitments']} commitments"
    teller.say(f"   {counts} in {seconds:.1f} s: {'ALL VALID' if verdict['valid'] else 'NOT VALID'}")
    for finding in verdict["findings"][:5]:
        teller.say(f"   line {finding['line']}: {finding['finding']}")
    forged = _forge(folder, keys, evidence)
    teller.say(f"   one digit of one total changed in the file: {forged}")
    return verdict


def _forge(folder: Path, keys: Json, evidence: bytes) -> str:
    line = next(
        line for line in evidence.splitlines() if b"order.created" in line and b'"totalCents"' in line
    )
    forged = line.replace(b'"totalCents":', b'"totalCents":9', 1)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        verdict = run_verifier(Path(scratch), keys, forged + b"\n")
    if verdict["valid"]:
        raise check_failed("the verifier accepted a forged event")
    return f"refused ({verdict['findings'][0]['finding']})"


def _scene_stark(teller: Teller, sequencer: Sequencer, cast: Cast) -> Json:
    teller.scene("A sealed order, and a proof that it is within its limit")
    if find_spec("numpy") is None:
        teller.say("   skipped: proving needs NumPy (the extra `stark`)")
        return {"played": False, "reason": "NumPy is not installed"}
    # The keys may have come from --public-key: then no database is known, and the scene asks none.
    with open_admin(None) if layers().get("VES_DATABASE_URL") else nullcontext() as admin:
        played = stark_scene.play(sequencer, cast.tenant_id, cast.agents[0], admin)
    stark_scene.tell(teller.say, played)
    return stark_scene.as_json(played)


def _scene_at_rest(teller: Teller, sequencer: Sequencer, cast: Cast) -> Json:
    teller.scene("The operator changes the key at rest while an agent goes on sending")
    try:
        with open_admin(None) if layers().get("VES_DATABASE_URL") else nullcontext() as admin:
            done = at_rest_scene.play(sequencer, cast, admin)
    except at_rest_scene.SkippedError as reason:
        teller.say(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    teller.say(
        f"   a new key for this tenant; {done.updated:,} payloads encrypted anew, none left under the old one"
    )
    teller.say(f"   {done.meanwhile:,} events came in meanwhile, none was refused; `fsck` finds nothing")
    return {"played": True, "updated": done.updated, "meanwhile": done.meanwhile}


def _scene_tamper(teller: Teller) -> Json:
    # Only this scene needs the installer, and with it packages that a plain client does not have.
    from ves_api.cli.demo import tamper  # noqa: PLC0415

    teller.scene("A crooked administrator changes one row (in a scratch database, never in yours)")
    try:
        found = tamper.play(layers())
    except tamper.NoSuperuserError as reason:
        teller.say(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    teller.say(f"   {found.events} events; before the change `fsck` finds {len(found.before) or 'nothing'}")
    for row in found.after:
        teller.say(f"   after it: #{row['sequence_number']} {row['check_name']}: {row['finding']}")
    if found.before or not found.after:
        raise check_failed("verify_stream did not tell the changed row from the others")
    return {"played": True, "events": found.events, "findings": found.after}


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
    """Play 6,919 real purchases as signed events, commit them, and have every receipt checked by an outsider."""
    started = time.monotonic()
    settings = layers()
    if not settings.public_keys(public_key):
        # Known before the first event is sent: without either there is nothing to verify the receipts with.
        settings.need("VES_DATABASE_URL")
    teller = Teller(quiet=as_json)
    place = (
        folder or (settings.path.parent if settings.path else Path(tempfile.gettempdir()) / "ves") / "demo"
    )
    cast = load_cast(tenant or uuid4(), place)
    teller.scene("A shop, 1997")
    log = read_purchases(purchases)
    customers = len({purchase.customer for purchase in log})
    teller.say(f"   {len(log):,} purchases of {customers:,} customers; {len(STORES)} stores, {AGENTS} agents")
    teller.say(f"   tenant {cast.tenant_id}")
    total = customers + 2 * len(log)
    with teller.work("sign", total, "events"):
        signed = cast.events(log)
    with Sequencer(settings.need("VES_HTTP_URL", url), settings.api_key(api_key)) as sequencer:
        book = _scene_send(teller, sequencer, cast, signed)
        _scene_keys(teller, sequencer, cast, signed)
        keys = trusted_keys(cast, book, public_key)
        chains = _scene_commit(teller, sequencer, cast, book)
        with teller.work("prove", min(proofs, total), "proofs") as advance:
            fetched = fetch_proofs(sequencer, cast, book, chains, count=proofs, advance=advance)
        stark = _scene_stark(teller, sequencer, cast)
        at_rest = _scene_at_rest(teller, sequencer, cast)
    evidence = write_evidence(book, chains, fetched)
    verdict = _scene_verify(teller, place, keys, evidence)
    tampered = _scene_tamper(teller) if tampering else {"played": False, "reason": "not asked for"}
    seconds = time.monotonic() - started
    complete = verdict["valid"] and verdict["receipts"] == total and verdict["proofs"] == min(proofs, total)
    if as_json:
        summary = {"accepted": book.accepted, "replayed": book.replayed, "seconds": round(seconds, 2)}
        print_json(
            {
                "valid": complete,
                "tenant_id": cast.tenant_id,
                **summary,
                "verdict": verdict,
                "stark": stark,
                "at_rest": at_rest,
                "tampering": tampered,
            }
        )
    elif complete:
        teller.say(
            f"\nThe end, after {seconds:.0f} s. Evidence and keys are in {place}; check them again with"
        )
        teller.say(f"   {sys.executable} -I {independent.__file__} {place}/keys.json {place}/evidence.ndjson")
        teller.say(
            f"Run `ves demo --tenant {cast.tenant_id}` to see every event replayed with the same receipts."
        )
    if not complete:
        note("the evidence is not complete or not valid")
        raise typer.Exit(Exit.CHECK_FAILED)
