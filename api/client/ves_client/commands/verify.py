"""`ves verify`: check a receipt, an inclusion proof or a timestamp from a file, without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_client.commands.directory import offline_trust
from ves_client.commands.options import PublicKey
from ves_client.commands.output import JsonOption, note, out, print_json, print_line
from ves_client.errors import Exit, usage
from ves_client.evidence import Evidence, check_proof, check_receipt, read_evidence
from ves_client.timestamps import HEADER_BYTES, attested_heights, check_timestamp, read_timestamp

app = typer.Typer(no_args_is_help=True, help="Check receipts and proofs offline.")

FileArgument = Annotated[
    Path, typer.Argument(help="JSON document or NDJSON file.", exists=True, dir_okay=False)
]
AgentKeyOption = Annotated[
    str | None, typer.Option("--agent-key", help="Agent public key, hex: also check the agent's signature.")
]


def check_file(path: Path, name: str, check: Callable[[Evidence], list[str]]) -> dict[str, Any]:
    """Check every item of a file; returns `{"valid", "checked", "findings": [{"item", "finding"}]}`."""
    findings: list[dict[str, Any]] = []
    checked = 0
    try:
        for checked, evidence in enumerate(read_evidence(path), 1):
            findings += [{"item": checked, "finding": finding} for finding in check(evidence)]
    except ProtocolError as error:
        findings.append({"item": checked + 1, "finding": f"malformed: {error}"})
    if not checked and not findings:
        findings.append({"item": 0, "finding": f"the file holds no {name}"})
    return {"valid": not findings, "checked": checked, "findings": findings}


def report(answer: dict[str, Any], name: str, *, as_json: bool) -> None:
    """Print the result of `check_file` and end with exit code 0 or 1."""
    if as_json:
        print_json(answer)
    elif answer["valid"]:
        out.print(f"VALID: {answer['checked']} {name}{'s' if answer['checked'] != 1 else ''}")
    else:
        for finding in answer["findings"]:
            print_line(f"item {finding['item']}: {finding['finding']}")
        out.print(f"INVALID: {len(answer['findings'])} findings in {answer['checked']} {name}s")
    raise typer.Exit(Exit.FINE if answer["valid"] else Exit.CHECK_FAILED)


@app.command()
def receipt(
    *,
    file: FileArgument,
    public_key: PublicKey = None,
    agent_key: AgentKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check receipts against their events: lines of `{"event": …, "receipt": …}`, as `ves push` writes them."""
    trust = offline_trust(public_key)
    if not trust.keys:
        raise usage("no sequencer public key: give --public-key (see `ves keys sequencer`)")
    try:
        agent = parse_hex(agent_key, 32) if agent_key else None
    except ProtocolError as error:
        raise usage(f"--agent-key: {error}") from error
    answer = check_file(file, "receipt", lambda evidence: check_receipt(evidence, trust, agent))
    report(answer, "receipt", as_json=as_json)


@app.command()
def proof(*, file: FileArgument, as_json: JsonOption = False) -> None:
    """Check inclusion proofs: `{"proof": …, "commitment": …, "event": …?}`, as `ves prove` writes them."""
    without_event = 0

    def check(evidence: Evidence) -> list[str]:
        nonlocal without_event
        without_event += not bytes(evidence.event)
        return check_proof(evidence)

    answer = check_file(file, "proof", check)
    if without_event and not as_json:
        note(f"{without_event} of the proofs come without their event: checked from the leaf hash upwards")
    report(answer, "proof", as_json=as_json)


@app.command()
def timestamp(
    *,
    file: FileArgument,
    header: Annotated[
        str | None, typer.Option("--header", help="Header of the Bitcoin block, 80 bytes in hex.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Also write the proof, for the program `ots`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a commitment's OpenTimestamps proof against a Bitcoin block header; without one, name the blocks."""
    try:
        document = read_timestamp(file.read_bytes())
        if write is not None:
            write.write_bytes(document.file())
        if header is None:
            heights = sorted(attested_heights(document))
            answer: dict[str, Any] = {"digest": document.digest().hex(), "heights": heights}
            told = f"digest {answer['digest']}; blocks to check: {', '.join(map(str, heights)) or 'none yet'}"
        else:
            block = check_timestamp(document, parse_hex(header, HEADER_BYTES))
            answer = {
                "valid": True,
                "height": block.height,
                "block_hash": block.block_hash,
                "time": block.time,
            }
            told = f"VALID: in block {block.height} ({block.block_hash}) of {block.time:%Y-%m-%d %H:%M} UTC"
    except ProtocolError as error:
        answer, told = {"valid": False, "finding": str(error)}, f"INVALID: {error}"
    except ModuleNotFoundError as error:
        raise usage("install stateset-sequencer-client[timestamps]") from error
    print_json(answer) if as_json else out.print(told)
    raise typer.Exit(Exit.FINE if answer.get("valid", True) else Exit.CHECK_FAILED)
