"""Command line parsing. The module of a command is imported when the command runs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from uuid import UUID

from ves_stark.errors import StarkError
from ves_stark.version import VERSION

_POLICIES = ("aml.threshold", "order_total.cap", "agent.authorization.v1")
_PRESETS = ("default", "secure")
_U64_END = 2**64
_INTERRUPTED = 130
_Commands = Any


def _u64(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) >= _U64_END:
        raise ArgumentTypeError(f"{text!r} is not an integer from 0 to {_U64_END - 1}")
    return int(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a UUID") from None


def _command(commands: _Commands, name: str, run: str, text: str) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def _add_policy(parser: ArgumentParser, *, limit: int | None = None, intent: bool = True) -> None:
    parser.add_argument(
        "-l",
        "--limit",
        type=_u64,
        default=limit,
        required=limit is None,
        metavar="N",
        help="policy limit (threshold, cap or maxTotal)",
    )
    parser.add_argument("-p", "--policy", choices=_POLICIES, default=_POLICIES[0], help="policy")
    if intent:
        parser.add_argument("--intent-hash", metavar="HEX", help="delegated intent (agent.authorization.v1)")


def _add_receipt(parser: ArgumentParser) -> None:
    parser.add_argument("--authorization-receipt", metavar="FILE", help="authorization receipt JSON")


def _add_amount(parser: ArgumentParser) -> None:
    parser.add_argument("-a", "--amount", type=_u64, required=True, metavar="N", help="amount to prove")


def _add_preset(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--preset", choices=_PRESETS, default=_PRESETS[0], help="proof options (secure: larger, stronger)"
    )


def _add_prove(commands: _Commands) -> None:
    parser = _command(commands, "prove", "prove:run", "Generate a compliance proof")
    _add_amount(parser)
    _add_policy(parser)
    parser.add_argument("-i", "--inputs", metavar="FILE", help="public inputs JSON (else random ones)")
    _add_receipt(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="output file (else stdout)")
    parser.add_argument("--json", action="store_true", help="write a bundle instead of base64")
    _add_preset(parser)


def _add_prove_submit(commands: _Commands) -> None:
    text = "Generate a proof for an event and submit it (API key in STATESET_API_KEY)"
    parser = _command(commands, "prove-submit", "submit:run", text)
    url = "http://localhost:8080"
    parser.add_argument("--sequencer-url", default=url, metavar="URL", help=f"sequencer ({url})")
    parser.add_argument("--event-id", type=_uuid, required=True, metavar="UUID", help="event to prove about")
    _add_amount(parser)
    _add_policy(parser)
    _add_receipt(parser)
    parser.add_argument("--verify", action="store_true", help="let the sequencer verify the stored proof")
    _add_preset(parser)


def _add_verify(commands: _Commands) -> None:
    parser = _command(commands, "verify", "verify:run", "Verify a compliance proof")
    parser.add_argument("-f", "--proof", required=True, metavar="FILE", help="proof file, or - for stdin")
    parser.add_argument("-i", "--inputs", metavar="FILE", help="public inputs JSON")
    parser.add_argument("--witness-commitment-hex", metavar="HEX", help="commitment of a raw proof")
    _add_receipt(parser)
    parser.add_argument("--amount-binding", metavar="FILE", help="payload amount binding JSON")
    _add_policy(parser)


def _add_tools(commands: _Commands) -> None:
    parser = _command(commands, "inspect", "inspect:run", "Inspect proof metadata")
    parser.add_argument("-f", "--proof", required=True, metavar="FILE", help="proof file, or - for stdin")
    parser = _command(
        commands, "gen-inputs", "tools:generate_inputs", "Generate sample public inputs for testing"
    )
    _add_policy(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="output file (else stdout)")
    parser = _command(commands, "benchmark", "tools:benchmark", "Run a benchmark with multiple proofs")
    parser.add_argument("-n", "--count", type=_u64, default=10, metavar="N", help="number of proofs (10)")
    parser.add_argument(
        "-m", "--max-amount", type=_u64, default=10000, metavar="N", help="amounts are below this (10000)"
    )
    _add_policy(parser, limit=10000)
    _add_preset(parser)


def _add_batch(commands: _Commands) -> None:
    run = "tools:refuse_batch"
    text = "Not supported: batch proofs do not bind all events"
    parser = _command(commands, "batch-prove", run, text)
    parser.add_argument("-n", "--num-events", type=_u64, default=8)
    _add_policy(parser, limit=10000, intent=False)
    parser.add_argument("-e", "--events")
    parser.add_argument("-o", "--output")
    parser = _command(commands, "batch-verify", run, text)
    parser.add_argument("-f", "--proof", required=True)
    parser.add_argument("-i", "--inputs")
    parser = _command(commands, "sequencer", run, text)
    parser.add_argument("-n", "--num-events", type=_u64, default=16)
    parser.add_argument("-b", "--batch-size", type=_u64, default=8)
    parser.add_argument("-l", "--limit", type=_u64, default=10000)
    parser.add_argument("--include-violations", action="store_true")
    parser.add_argument("-o", "--output-dir")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="ves-stark",
        description="Generate and verify STARK proofs for VES compliance. Version 2 does not hide the amount.",
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"ves-stark {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_prove, _add_prove_submit, _add_verify, _add_tools, _add_batch):
        add(commands)
    return parser


def _run(options: Namespace) -> int:
    module, function = options.run.split(":")
    common = import_module("ves_stark.cli.common")
    try:
        command = getattr(import_module(f"ves_stark.cli.{module}"), function)
        status: int = command(options)
    except (common.CliError, StarkError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        sys.stderr.write("Error: proving needs NumPy; install the extra `stark`\n")
        return 1
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 success, 1 refused or invalid, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
