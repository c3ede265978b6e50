"""The sections of the demo: sending, proving and checking."""

from __future__ import annotations

import dataclasses
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from shop import at_rest, followers, paying, stark, two_agents
from shop.incidents import open_sealed_order, register_schemas, revoke_agent, violate_schema
from shop.purchases import AGENTS_PER_STORE, NEW_KEY, OLD_KEY, READERS, SEALED_STORE, STORES, Shop
from shop.traffic import Collection, commit_rest, register, resend, send, send_forgeries
from shop.verify import independent
from ves_api.cli.database import open_database
from ves_api.cli.settings import layers
from ves_client.agent import SEED_BYTES
from ves_client.errors import check_failed, usage
from ves_client.private_files import write_private
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from shop.purchases import Agent, Purchase
    from shop.report import Report
    from ves_client.agent import Signed
    from ves_client.sequencer import Sequencer

Json = dict[str, Any]
AGENTS = len(STORES) * AGENTS_PER_STORE
VERIFIER_SECONDS = 600
READER_NAMES = " and ".join(READERS.values())


def load_shop(tenant_id: UUID, folder: Path) -> Shop:
    """Load or create the shop of a tenant: its seeds are stored (0600), so that repeated runs sign the same bytes."""
    file = folder / f"agents-{tenant_id}.hex"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as fresh:
                fresh.write("\n".join(secrets.token_hex(SEED_BYTES) for _ in range(AGENTS)))
        seeds = [bytes.fromhex(line) for line in file.read_text().split()]
    except OSError as error:
        raise usage(
            f"cannot keep the agents' keys in {folder}: {error.strerror}; name a folder with --folder"
        ) from error
    return Shop.from_seeds(tenant_id, seeds)


def trusted_keys(shop: Shop, collection: Collection, public_key: str | None) -> Json:
    """Return the trusted keys of the verifier: agent keys, and the sequencer key from `--public-key` or the database."""
    if keys := layers().public_keys(public_key):
        if len(keys) > 1:
            raise usage("the demo takes one --public-key")
        sequencers = {sequencer_id: keys[0].hex() for sequencer_id in collection.sequencers}
    else:
        with open_database() as db:
            signers = sync.list_signers(db)
        sequencers = {
            str(signer.sequencer_id): signer.public_key.hex() for signer in signers if signer.public_key
        }
    pairs = [key for agent in shop.agents for key in (agent.key, agent.next_key) if key]
    agents = {f"{key.agent_id}/{key.key_id}": key.public_key.hex() for key in pairs}
    return {"sequencers": sequencers, "agents": agents}


def run_verifier(folder: Path, keys: Json, evidence: bytes) -> Json:
    """Run the independent verifier as a separate process, isolated from this program's import path."""
    keys_file, evidence_file = folder / "keys.json", folder / "evidence.ndjson"
    write_private(keys_file, orjson.dumps(keys, option=orjson.OPT_INDENT_2), force=True)
    write_private(evidence_file, evidence, force=True)
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


def scene_send(
    report: Report, sequencer: Sequencer, shop: Shop, signed: dict[Agent, list[Signed]]
) -> Collection:
    """Register keys and schemas, send all events, resend some, and send some that must be refused."""
    total = sum(map(len, signed.values()))
    report.section("The agents report")
    register(sequencer, shop)
    count = register_schemas(sequencer, shop.tenant_id)
    report.line(f"   {count} event types have a schema; {SEALED_STORE} seals its payloads for {READER_NAMES}")
    with report.work("send", total, "events") as advance:
        collection = send(sequencer, shop, signed, advance)
    report.line(
        f"   {collection.accepted:,} accepted, {collection.replayed:,} replayed; {collection.receipts:,} signed receipts held"
    )
    agent, events = next((agent, events) for agent, events in signed.items() if events)
    count = resend(sequencer, agent, events[:100], collection)
    report.line(f"   {count} events sent once more: nothing accepted, the same receipts byte for byte")
    report.line(f"   two forgeries: refused ({', '.join(send_forgeries(sequencer, shop))})")
    report.line(f"   an order against its schema: refused ({violate_schema(sequencer, shop)})")
    return collection


def scene_keys(report: Report, sequencer: Sequencer, shop: Shop, signed: dict[Agent, list[Signed]]) -> None:
    """Show the rotated key, revoke one, and open a sealed order as its recipients."""
    report.section("Keys are rotated and revoked")
    agent = next(agent for agent in shop.agents if agent.next_key)
    counts = Counter(event.key_id for event in signed[agent])
    report.line(
        f"   one agent changed its key midway: {counts[OLD_KEY]:,} events under key {OLD_KEY}, {counts[NEW_KEY]:,} under key {NEW_KEY}"
    )
    first, refusal = revoke_agent(sequencer, shop)
    report.line(
        f"   a seasonal agent reports ({first}), its key is revoked, it reports again: refused ({refusal})"
    )
    opened = open_sealed_order(shop, signed)
    report.line(f"   a sealed order: {opened}")


def scene_commit(
    report: Report, sequencer: Sequencer, shop: Shop, collection: Collection
) -> dict[UUID, list[Json]]:
    """Commit every stream to its head; return the commitments by store."""
    report.section("The sequencer commits")
    chains = {
        store_id: commit_rest(sequencer, shop.tenant_id, store_id, max(page))
        for store_id, page in collection.by_number.items()
    }
    for name, store_id in zip(STORES, shop.store_ids, strict=True):
        if chain := chains.get(store_id):
            last = chain[-1]
            report.line(
                f"   {name:<12} 1..{last['sequence_end']:<6} in {len(chain):>2} commitments, state root {last['new_state_root'][:16]}…"
            )
    return chains


def scene_verify(report: Report, folder: Path, keys: Json, evidence: bytes) -> Json:
    """Run the independent verifier on everything, then on one forged event; return its result."""
    report.section("An independent verifier checks everything offline; it shares no code with the sequencer")
    started = time.monotonic()
    verdict = run_verifier(folder, keys, evidence)
    seconds = time.monotonic() - started
    counts = f"{verdict['receipts']:,} receipts, {verdict['proofs']:,} proofs, {verdict['commitments']} commitments"
    report.line(f"   {counts} in {seconds:.1f} s: {'ALL VALID' if verdict['valid'] else 'NOT VALID'}")
    for finding in verdict["findings"][:5]:
        report.line(f"   line {finding['line']}: {finding['finding']}")
    forged = _forge(folder, keys, evidence)
    report.line(f"   one digit of one total changed in the file: {forged}")
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


def scene_stark(report: Report, sequencer: Sequencer, shop: Shop) -> Json:
    """Prove that a sealed order is within its limit, if NumPy is installed."""
    report.section("A sealed order, and a proof that it is within its limit")
    if find_spec("numpy") is None:
        report.line("   skipped: proving needs NumPy (the extra `stark`)")
        return {"played": False, "reason": "NumPy is not installed"}
    # Without a database URL (possible with --public-key) the scene skips the check in SQL.
    with open_database() if layers().get("VES_DATABASE_URL") else nullcontext() as db:
        played = stark.play(sequencer, shop.tenant_id, shop.agents[0], db)
    stark.report(report.line, played)
    return stark.as_json(played)


def scene_at_rest(report: Report, sequencer: Sequencer, shop: Shop) -> Json:
    """Rotate the key at rest under load, if the key ring and the database are accessible."""
    report.section("The operator changes the key at rest while an agent goes on sending")
    try:
        with open_database() if layers().get("VES_DATABASE_URL") else nullcontext() as db:
            done = at_rest.play(sequencer, shop, db)
    except at_rest.SkippedError as reason:
        report.line(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    report.line(
        f"   a new key for this tenant; {done.updated:,} payloads encrypted anew, none left under the old one"
    )
    report.line(f"   {done.meanwhile:,} events came in meanwhile, none was refused; `fsck` finds nothing")
    return {"played": True, "updated": done.updated, "meanwhile": done.meanwhile}


def scene_followers(report: Report, sequencer: Sequencer, purchases: Sequence[Purchase]) -> Json:
    """Replay the season into a new store with three kinds of followers, and repair one of three dead letters."""
    report.section("The season once more, followed live, by a group and by projections")
    try:
        done = followers.play(sequencer, purchases)
    except at_rest.SkippedError as reason:
        report.line(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    for name, totals in done.totals.items():
        report.line(f"   {name:<24} {totals.orders:>6,} orders  {totals.cents / 100:>12,.2f} USD")
    for letter in done.letters:
        report.line(f"   dead letter: {letter.event_type} {letter.entity_id}: {letter.error_message}")
    report.line(f"   stock arrives, the reservation is retried: resolved, {done.reserved} reserved")
    return {
        "played": True,
        "totals": {name: [totals.orders, totals.cents] for name, totals in done.totals.items()},
        "dead_letters": [[letter.event_type, letter.reason] for letter in done.letters],
        "reserved": done.reserved,
    }


def scene_pay(report: Report, shop: Shop) -> Json:
    """Pay on the local chain, if there is one."""
    report.section("A customer pays, and the chain says so")
    try:
        with open_database() if layers().get("VES_DATABASE_URL") else nullcontext() as db:
            paid = paying.play(layers(), shop, db)
    except paying.NoChainError as reason:
        report.line(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    report.line(f"   {paying.COUNT} signed intents, one batch, {paid.amount / 10**6:.2f} test dollars paid")
    report.line(f"   transaction {paid.tx_hash} in block {paid.block_number}")
    report.line(
        "   the contract verified the first receipt: leaf computed from its fields, path to the settled root"
    )
    return {"played": True, "amount": paid.amount, "tx_hash": paid.tx_hash, "receipt": paid.receipt}


def scene_two_agents(report: Report, sequencer: Sequencer, tenant_id: UUID, folder: Path, keys: Json) -> Json:
    """Let two agents record a week offline and sync it, with plugs pulled at random moments."""
    report.section("Two agents, one shop: a week offline, then one server, and plugs are pulled")
    trusted = ",".join(sorted(set(keys["sequencers"].values())))
    played = two_agents.play(tenant_id, folder, sequencer, trusted, two_agents.kill_local_server)
    report.line(
        f"   {played.purchases} purchases of a week, by one agent whose clock is an hour ahead"
        f" and one whose key {'was rotated meanwhile' if played.new_key else 'was rotated in an earlier run'}"
    )
    server = "was killed once" if played.server_kills else "is not this machine's to kill"
    report.line(
        f"   agents killed {played.plugs} times with SIGKILL while they recorded and synced; the server {server}"
    )
    held = " and ".join(f"${cents / 100:,.2f}" for cents in played.held_cents)
    report.line(f"   the purchase log says ${played.cents / 100:,.2f}; the agents hold {held}")
    if not played.valid:
        raise check_failed("the totals of the two agents are not those of the purchase log")
    return {"valid": True, **dataclasses.asdict(played)}


def scene_tamper(report: Report) -> Json:
    """Change one row in a scratch database and detect it, if superuser access is available."""
    # Lazy import: only this scene needs the installer, whose packages a client installation lacks.
    from shop import tamper  # noqa: PLC0415

    report.section("A superuser changes one row behind the engine (in a scratch database, never in yours)")
    try:
        found = tamper.play(layers())
    except tamper.NoSuperuserError as reason:
        report.line(f"   skipped: {reason}")
        return {"played": False, "reason": str(reason)}
    report.line(f"   {found.events} events; before the change `fsck` finds {len(found.before) or 'nothing'}")
    for row in found.after:
        report.line(f"   after it: #{row.sequence_number} {row.check_name}: {row.finding}")
    if found.before or not found.after:
        raise check_failed("verify_stream did not find exactly the changed row")
    return {"played": True, "events": found.events, "findings": found.after}
