"""The command line: options, output and exit codes of the original's binary (STARK 17)."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ves_stark
from tests.unit.ves_stark import receipts
from tests.unit.ves_stark.vectors import case
from ves_stark.bundle import check_bundle
from ves_stark.cli import main
from ves_stark.cli.common import duration
from ves_stark.version import VERSION

CASE = case("aml_default")


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command: (exit code, stdout, stderr)."""

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def files(tmp_path):
    """The vector's inputs, proof, binding, and a receipt, as files."""
    texts = {
        "inputs": json.dumps(CASE.data["publicInputs"]),
        "bound": json.dumps(CASE.data["boundPublicInputs"]),
        "binding": json.dumps(CASE.data["payloadAmountBinding"]),
        "proof": CASE.data["proofB64"] + "\n",
        "other": json.dumps(ves_stark.create_payload_amount_binding(CASE.inputs, 4999)),
        "receipt": json.dumps(receipts.receipt()),
        "authorization": json.dumps(receipts.inputs().to_json()),
        "bad": "{nonsense",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_prove_writes_the_reference_proof_to_stdout_and_progress_to_stderr(run, files):
    status, out, err = run("prove", "-a", 5000, "-l", 10000, "-i", files / "inputs")
    assert (status, out) == (0, CASE.data["proofB64"] + "\n")
    assert "Generating proof..." in err
    assert f"Event ID: {CASE.inputs.event_id}" in err
    assert CASE.data["proofHash"][:16] in err


def test_prove_writes_to_a_file(run, files):
    target = files / "out"
    status, out, err = run("prove", "-a5000", "--limit=10000", "--inputs", files / "inputs", "-o", target)
    assert (status, out) == (0, "")
    assert target.read_text() == CASE.data["proofB64"]
    assert f"Proof written to: {target}" in err


def test_prove_json_is_a_bundle_that_verify_and_inspect_read(run, files):
    status, out, _ = run("prove", "-a", 5000, "-l", 10000, "-i", files / "inputs", "--json")
    bundle = json.loads(out)
    assert status == 0
    assert out == json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
    assert check_bundle(bundle).bundle_hash == bundle["bundleHash"]
    (files / "bundle").write_text(out)
    for more in ((), ("-i", files / "bound"), ("--amount-binding", files / "binding")):
        assert run("verify", "-f", files / "bundle", "-l", 10000, *more)[:2] == (0, "VALID\n")
    hexadecimal = CASE.data["witnessCommitmentHex"]
    more = ("--witness-commitment-hex", hexadecimal)
    assert run("verify", "-f", "-", "-l", 10000, *more, stdin=out)[:2] == (0, "VALID\n")
    status, shown, _ = run("inspect", "-f", files / "bundle")
    assert status == 0
    for line in (
        "Proof Inspection:\n",
        "  Format: JSON with metadata\n",
        f"  Bundle Hash: {bundle['bundleHash']}\n",
        f"  Proof Hash: {CASE.data['proofHash']}\n",
        f"  Proof Size: {len(CASE.proof)} bytes\n",
        "  Constraints: 157\n",
        "  Trace Length: 16\n",
        "  Bound Amount: 5000\n",
    ):
        assert line in shown


def test_the_secure_preset_is_made_on_request(run, files):
    secure = case("aml_secure")
    (files / "inputs").write_text(json.dumps(secure.data["publicInputs"]))
    made = ("prove", "-a", secure.amount, "-l", secure.data["limit"], "-i", files / "inputs")
    assert run(*made, "--preset", "secure")[:2] == (0, secure.data["proofB64"] + "\n")
    assert run(*made, "--preset", "fast")[0] == 2


def test_a_changed_bundle_is_invalid(run, files):
    bundle = json.loads(run("prove", "-a", 5000, "-l", 10000, "-i", files / "inputs", "--json")[1])
    bundle["amountBinding"]["amount"] = 4999
    status, out, err = run("verify", "-f", "-", "-l", 10000, stdin=json.dumps(bundle))
    assert status == 1
    assert out.startswith("INVALID: ")
    assert "INVALID" in err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("-l", 10001), "policyParams"),
        (("-l", 10000, "-p", "order_total.cap"), "policyId"),
        (("-l", 10000, "-i", "inputs"), "public inputs"),
        (("-l", 10000, "--amount-binding", "other"), "amount binding"),
        (("-l", 10000, "--witness-commitment-hex", "00" * 32), "--witness-commitment-hex"),
        (("-l", 10000, "--authorization-receipt", "receipt"), "requires --policy"),
        (("-l", 10000, "--intent-hash", "00" * 32), "only valid for"),
    ],
)
def test_a_bundle_must_match_the_options(run, files, options, complaint):
    out = run("prove", "-a", 5000, "-l", 10000, "-i", files / "inputs", "--json")[1]
    named = [files / option if option in {"inputs", "other", "receipt"} else option for option in options]
    status, shown, err = run("verify", "-f", "-", *named, stdin=out)
    assert (status, shown) == (1, "")
    assert complaint in err


def test_a_raw_proof_is_verified_with_a_commitment_from_anywhere(run, files):
    proof, inputs, bound = files / "proof", files / "inputs", files / "bound"
    digits = ("--witness-commitment-hex", CASE.data["witnessCommitmentHex"])
    for more in ((inputs, *digits), (bound,), (inputs, "--amount-binding", files / "binding")):
        status, out, err = run("verify", "-f", proof, "-l", 10000, "-i", *more)
        assert (status, out) == (0, "VALID\n"), err
    status, out, err = run("verify", "-f", proof, "-l", 10000, "-i", inputs)
    assert (status, out) == (1, "")
    assert "--witness-commitment-hex" in err


def test_a_false_proof_is_invalid_with_its_reason(run, files):
    for data in (
        CASE.proof[:30] + b"\0" + CASE.proof[31:],
        CASE.proof + b"\0",
        b"",
        case("aml_fast_unaccepted").proof,
    ):
        text = base64.b64encode(data).decode()
        status, out, err = run("verify", "-f", "-", "-l", 10000, "-i", files / "bound", stdin=text)
        assert status == 1
        assert out.startswith("INVALID: ")
        assert out[9:].strip() in err


def library_json(**changes):
    document = {
        "proof_b64": CASE.data["proofB64"],
        "proof_hash": CASE.data["proofHash"],
        "witness_commitment": CASE.data["witnessCommitment"],
        "policy": {"type": "aml.threshold", "limit": 10000},
        "public_inputs": CASE.data["publicInputs"],
    } | changes
    return json.dumps({name: value for name, value in document.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"witness_commitment": CASE.limbs},
        {"witness_commitment": None, "witness_commitment_hex": CASE.data["witnessCommitmentHex"]},
        {"witness_commitment": None, "witnessCommitment": CASE.limbs},
        {"public_inputs": None, "publicInputs": CASE.data["boundPublicInputs"]},
        {"proof_b64": None, "proofB64": CASE.data["proofB64"]},
        {"amountBinding": CASE.data["payloadAmountBinding"]},
    ],
)
def test_library_json_is_verified(run, changes):
    status, out, err = run("verify", "-f", "-", "-l", 10000, stdin=library_json(**changes))
    assert (status, out) == (0, "VALID\n"), err


@pytest.mark.parametrize(
    "changes",
    [
        {"witness_commitment": None},
        {"witness_commitment": ["1", "2", "3"]},
        {"witness_commitment": "1234"},
        {"witness_commitment": ["9" * 30, 1, 2, 3]},
        {"witness_commitment": [1, 2, 3, 4]},
        {"witness_commitment_hex": "zz"},
        {"public_inputs": None},
        {"public_inputs": {"eventId": 1}},
        {"proof_b64": None},
        {"proof_b64": "?"},
        {"amountBinding": {"amount": 5000}},
    ],
)
def test_library_json_with_a_wrong_part_is_refused(run, changes):
    status, out, err = run("verify", "-f", "-", "-l", 10000, stdin=library_json(**changes))
    assert status == 1
    assert not out or out.startswith("INVALID: ")
    assert err


def test_a_commitment_that_contradicts_the_document_is_refused(run):
    digits = ("--witness-commitment-hex", "00" * 32)
    status, _, err = run("verify", "-f", "-", "-l", 10000, *digits, stdin=library_json())
    assert status == 1
    assert "--witness-commitment-hex" in err


def test_a_commitment_that_contradicts_the_binding_is_refused(run, files):
    more = ("-i", files / "inputs", "--amount-binding", files / "binding")
    digits = ("--witness-commitment-hex", "00" * 32)
    status, out, err = run("verify", "-f", files / "proof", "-l", 10000, *more, *digits)
    assert (status, out) == (1, "")
    assert "does not match the bound public inputs" in err


def test_inspect_tells_the_preset_and_its_strength(run, files):
    status, out, _ = run("inspect", "-f", files / "proof")
    assert status == 0
    assert "  Format: Raw base64\n" in out
    assert f"  Proof Hash: {CASE.data['proofHash']}\n" in out
    assert "Preset: default" in out
    assert "55 bits conjectured, 28 proven; the amount is not hidden" in out
    assert "malformed" in run("inspect", "-f", "-", stdin="AAAA")[1]
    assert run("inspect", "-f", "-", stdin='{"proof_hash":"ab"}')[:2] == (
        0,
        "Proof Inspection:\n  Format: JSON with metadata\n  Proof Hash: ab\n",
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("-a", 10000, "-l", 10000), "Amount (10000) must be < limit (10000) for aml.threshold policy"),
        (("-a", 0, "-l", 0), "Amount (0) must be < limit (0)"),
        (("-a", 11, "-l", 10, "-p", "order_total.cap"), "Amount (11) must be <= limit (10)"),
        (("-a", 1, "-l", 2**53 + 1), "two canonical forms"),
        (("-a", 1, "-l", 10, "-p", "agent.authorization.v1"), "--intent-hash is required"),
        (("-a", 1, "-l", 10, "-p", "agent.authorization.v1", "--intent-hash", "x"), "--intent-hash"),
        (("-a", 1, "-l", 10, "--intent-hash", "00" * 32), "only valid for"),
        (("-a", 1, "-l", 10, "-i", "nowhere"), "Failed to read"),
        (("-a", 1, "-l", 10, "-i", "bad"), "not acceptable JSON"),
        (("-a", 1, "-l", 10, "-i", "inputs"), "policyParams"),
        (("-a", 1, "-l", 10, "-i", "receipt"), "Failed to parse public inputs JSON"),
        (("-a", 1, "-l", 10, "--authorization-receipt", "receipt", "--json"), "requires --policy"),
    ],
)
def test_prove_says_why_it_refuses(run, files, arguments, complaint):
    named = [files / word if word in {"nowhere", "bad", "inputs", "receipt"} else word for word in arguments]
    status, out, err = run("prove", *named)
    assert (status, out) == (1, "")
    assert err.startswith("Error: ")
    assert complaint in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("prove",),
        ("prove", "-a", "-1", "-l", "5"),
        ("prove", "-a", str(2**64), "-l", "5"),
        ("prove", "-a", "1.0", "-l", "5"),
        ("prove", "-a", "9" * 5000, "-l", "5"),
        ("prove", "-a", "1", "-l", "5", "-p", "agent.budget.v1"),
        ("prove", "-a", "1", "-l", "5", "--out", "x"),
        ("prove-submit", "--event-id", "x", "-a", "1", "-l", "5"),
        ("verify", "-f", "x"),
        ("unknown",),
    ],
)
def test_wrong_usage_ends_with_code_two(run, arguments):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert "usage: ves-stark" in err


def test_authorization_goes_from_receipt_to_verified_bundle(run, files):
    policy = ("-p", "agent.authorization.v1", "-l", receipts.MAX_TOTAL)
    receipt = ("--authorization-receipt", files / "receipt")
    made = ("prove", "-a", 12_500, *policy, "-i", files / "authorization", *receipt)
    assert "requires --json" in run(*made)[2]
    status, out, _ = run(*made, "--json")
    assert status == 0
    assert run("verify", "-f", "-", *policy, *receipt, stdin=out)[:2] == (0, "VALID\n")
    other = files / "other"
    other.write_text(json.dumps(receipts.receipt(amount=12_499)))
    status, shown, err = run("verify", "-f", "-", *policy, "--authorization-receipt", other, stdin=out)
    assert (status, shown) == (1, "")
    assert "receipt" in err
    assert "must match" in run("prove", "-a", 1, *policy, *receipt, "--json")[2]
    wrong = ("--intent-hash", "00" * 32)
    assert "does not match" in run("prove", "-a", 12_500, *policy, *receipt, *wrong, "--json")[2]
    raw = run("prove", "-a", 12_500, *policy, "-i", files / "authorization")[1]
    checked = ("verify", "-f", "-", *policy, "-i", files / "authorization", *receipt)
    assert run(*checked, stdin=raw)[:2] == (0, "VALID\n")
    document = {name: json.loads(out)[name] for name in ("proofB64", "witnessCommitment", "receipt")}
    inputs = ("-i", files / "authorization")
    text = json.dumps(document)
    assert run("verify", "-f", "-", *policy, *inputs, stdin=text)[:2] == (0, "VALID\n")


def test_an_intent_hash_must_be_that_of_the_inputs(run, files):
    policy = ("-p", "agent.authorization.v1", "-l", receipts.MAX_TOTAL, "-i", files / "authorization")
    for digits, status in ((receipts.INTENT.upper(), 0), ("00" * 32, 1)):
        assert run("prove", "-a", 1, *policy, "--intent-hash", digits)[0] == status


@pytest.mark.parametrize("policy", ["aml.threshold", "order_total.cap", "agent.authorization.v1"])
def test_generated_inputs_can_be_proved(run, files, policy):
    intent = ("--intent-hash", "0x" + "AB" * 32) if policy.startswith("agent") else ()
    status, out, _ = run("gen-inputs", "-l", 77, "-p", policy, *intent)
    made = json.loads(out)
    assert status == 0
    assert (made["sequenceNumber"], made["payloadKind"], made["payloadPlainHash"]) == (1, 1, "0" * 64)
    assert made["policyHash"] == ves_stark.compute_policy_hash(policy, made["policyParams"])
    target = files / "generated"
    assert run("gen-inputs", "-l", 77, "-p", policy, *intent, "-o", target)[:2] == (0, "")
    assert run("prove", "-a", 5, "-l", 77, "-p", policy, "-i", target)[0] == 0


def test_benchmark_proves_and_verifies(run):
    status, out, _ = run("benchmark", "-n", 2, "-m", 50, "-l", 40)
    assert status == 0
    for part in ("Proofs to generate: 2", "\n..\n", "Proof Generation:", "Verification:", "Proof Size:"):
        assert part in out
    assert run("benchmark", "-n", 0)[0] == 1
    assert run("benchmark", "-l", 0)[0] == 1


@pytest.mark.parametrize("command", [("batch-prove",), ("batch-verify", "-f", "x"), ("sequencer", "-b", 4)])
def test_batch_commands_are_refused_with_a_reason(run, command):
    status, out, err = run(*command)
    assert (status, out) == (1, "")
    assert "batch proofs are not supported" in err


def test_output_that_cannot_be_written_is_an_error(run, files):
    status, _, err = run("gen-inputs", "-l", 5, "-o", files / "no" / "where")
    assert status == 1
    assert "Failed to write" in err


def test_proving_without_numpy_says_what_to_install(run, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("ves_stark.prover")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    status, _, err = run("prove", "-a", 1, "-l", 5)
    assert status == 1
    assert "install the extra `stark`" in err


def test_another_missing_module_is_not_hidden(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ves_stark.cli.tools", None)
    with pytest.raises(ModuleNotFoundError):
        run("benchmark")


def test_benchmark_stops_at_an_invalid_proof(run, monkeypatch):
    false = ves_stark.VerificationResult(
        valid=False, verification_time_ms=0, error="no", policy_id="", policy_limit=0
    )
    monkeypatch.setattr("ves_stark.cli.tools.verify", lambda *_: false)
    status, _, err = run("benchmark", "-n", 1)
    assert status == 1
    assert "a proof was invalid: no" in err


@pytest.mark.parametrize(("seconds", "text"), [(2.5, "2.500s"), (0.0125, "12.500ms"), (0.00025, "250.000µs")])
def test_a_duration_has_a_fitting_unit(seconds, text):
    assert duration(seconds) == text


def test_an_interrupt_ends_quietly(run, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ves_stark.cli.tools.benchmark", interrupt)
    assert run("benchmark")[0] == 130


def test_the_program_tells_its_version_and_its_commands(run):
    assert run("--version")[:2] == (0, f"ves-stark {VERSION}\n")
    status, out, _ = run("--help")
    assert status == 0
    for name in ("prove", "prove-submit", "verify", "inspect", "gen-inputs", "benchmark", "batch-prove"):
        assert name in out
    project = Path(ves_stark.__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == VERSION


def test_the_module_runs_as_a_program():
    ran = subprocess.run(
        [sys.executable, "-m", "ves_stark.cli", "verify", "-l", "10000", "-f", "-"],
        input=library_json(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert (ran.returncode, ran.stdout) == (0, "VALID\n"), ran.stderr
    assert "numpy" not in ran.stderr
