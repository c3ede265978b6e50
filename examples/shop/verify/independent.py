"""An independent verifier of VES receipts and inclusion proofs.

Written from the protocol text (VES 1 to 11). It shares no code with the sequencer: it imports only the standard
library and the Ed25519 of OpenSSL (`cryptography`), which a test enforces. It can be copied out of this repository
and run alone:

    python independent.py keys.json evidence.ndjson

`keys.json` is `{"sequencers": {sequencer id: public key hex}, "agents": {"<agent id>/<key number>": public key hex}}`.
`evidence.ndjson` holds one object a line: `{"event": envelope, "receipt": receipt?, "proof": proof?, "commitment":
commitment?}` or `{"chain": [commitment, ...]}`, all commitments of a stream from its first event on. The result is one
JSON object on stdout; exit code 0 if everything verifies, 1 if not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import sys
import uuid
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]

ZERO_HASH = bytes(32)
HASH_BYTES = 32
SIGNATURE_BYTES = 64
DIGITS_BEFORE_EXPONENT = 21
SMALLEST_PLAIN_EXPONENT = -6
SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def sha256(*parts: bytes) -> bytes:
    """Hash the concatenation of `parts`; 32 bytes (VES 1)."""
    return hashlib.sha256(b"".join(parts)).digest()


def u32(number: int) -> bytes:
    """Four bytes, big-endian (VES 1)."""
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    """Eight bytes, big-endian (VES 1)."""
    return number.to_bytes(8, "big")


def text(value: str) -> bytes:
    """Length-prefixed UTF-8 (`STR`, VES 1)."""
    encoded = value.encode()
    return u32(len(encoded)) + encoded


def identifier(value: str) -> bytes:
    """Give the 16 bytes of a UUID in network order (VES 1)."""
    return uuid.UUID(value).bytes


def unhex(value: str, length: int) -> bytes:
    """Read hex with or without `0x`; ValueError unless it is exactly `length` bytes."""
    raw = bytes.fromhex(value.removeprefix("0x"))
    if len(raw) != length:
        raise ValueError(f"expected {length} bytes of hex, got {len(raw)}")
    return raw


def unbase64(value: str) -> bytes:
    """Read unpadded url-safe base64 (VES 1)."""
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)


# Canonical JSON (VES 2.1, RFC 8785)


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("a number is not finite")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}".replace("-", "", 1 if value < 0 else 0).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(digits) <= point <= DIGITS_BEFORE_EXPONENT:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= DIGITS_BEFORE_EXPONENT:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if SMALLEST_PLAIN_EXPONENT < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    shown = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{shown}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _string(value: str) -> str:
    pieces = [
        SHORT_ESCAPES.get(char) or (f"\\u{ord(char):04x}" if ord(char) < ord(" ") else char) for char in value
    ]
    return '"' + "".join(pieces) + '"'


def _canonical(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_string(name)}:{_canonical(value[name])}" for name in names) + "}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def canonical(value: Any) -> bytes:
    """Canonical form of a parsed JSON value: RFC 8785, every number a double first (VES 2.1)."""
    return _canonical(value).encode()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def parse(raw: str | bytes) -> Any:
    """Parse JSON text; the last of two equal keys wins, NaN and Infinity are refused (VES 2.2)."""
    return json.loads(raw, parse_constant=_refuse_constant)


# Events (VES 4, 5, 6.1)


def payload_plain_hash(payload: Any, salt: bytes = b"") -> bytes:
    """`payload_plain_hash` of a parsed payload (VES 4)."""
    return sha256(b"VES_PAYLOAD_PLAIN_V1", salt, canonical(payload))


def payload_cipher_hash(event: Json) -> bytes:
    """`payload_cipher_hash` of an event with an encrypted payload (VES 8.2, steps 3, 6 and 7)."""
    sealed = event["payload_encrypted"]
    aad = sha256(
        b"VES_PAYLOAD_AAD_V1",
        *(identifier(event[name]) for name in ("tenant_id", "store_id", "event_id", "source_agent_id")),
        u32(event["agent_key_id"]),
        *(text(event[name]) for name in ("entity_type", "entity_id", "event_type", "created_at")),
        unhex(event["payload_plain_hash"], HASH_BYTES),
    )
    wrapped = [b"VES_RECIPIENTS_V1"]
    for recipient in sealed["recipients"]:
        enc, ct = unbase64(recipient["enc_b64u"]), unbase64(recipient["ct_b64u"])
        wrapped += [u32(recipient["recipient_kid"]), u32(len(enc)), enc, u32(len(ct)), ct]
    ciphertext = unbase64(sealed["ciphertext_b64u"])
    return sha256(
        b"VES_PAYLOAD_CIPHER_V1",
        u32(1),
        unbase64(sealed["nonce_b64u"]),
        aad,
        u32(len(ciphertext)),
        ciphertext,
        unbase64(sealed["tag_b64u"]),
        sha256(*wrapped),
    )


def signing_hash(event: Json) -> bytes:
    """Event signing hash of an envelope, from the hashes that it carries (VES 5)."""
    return sha256(
        b"VES_EVENTSIG_V1",
        u32(event["ves_version"]),
        identifier(event["tenant_id"]),
        identifier(event["store_id"]),
        identifier(event["event_id"]),
        identifier(event["source_agent_id"]),
        u32(event["agent_key_id"]),
        text(event["entity_type"]),
        text(event["entity_id"]),
        text(event["event_type"]),
        text(event["created_at"]),
        u32(event["payload_kind"]),
        unhex(event["payload_plain_hash"], HASH_BYTES),
        unhex(event["payload_cipher_hash"], HASH_BYTES),
    )


def signature_is_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 check of a 64-byte signature by OpenSSL (VES 6.1)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_event(event: Json, agent_key: bytes | None) -> list[str]:
    """Findings about an envelope: payload hash and, when the key is given, the agent's signature."""
    findings = []
    if event["payload_kind"] == 0:
        if payload_plain_hash(event.get("payload")) != unhex(event["payload_plain_hash"], HASH_BYTES):
            findings.append("the payload does not have the signed payload_plain_hash")
        if unhex(event["payload_cipher_hash"], HASH_BYTES) != ZERO_HASH:
            findings.append("a plaintext event has a payload_cipher_hash")
    elif payload_cipher_hash(event) != unhex(event["payload_cipher_hash"], HASH_BYTES):
        findings.append("the encrypted payload does not have the signed payload_cipher_hash")
    if agent_key is not None:
        signature = unhex(event["agent_signature"], SIGNATURE_BYTES)
        if not signature_is_valid(agent_key, signing_hash(event), signature):
            findings.append("the agent's signature does not verify")
    return findings


# Receipts (VES 11)


def receipt_hash(event: Json, sequence_number: int) -> bytes:
    """Receipt hash for an event at a sequence number (VES 11)."""
    return sha256(
        b"VES_RECEIPT_V1",
        identifier(event["tenant_id"]),
        identifier(event["store_id"]),
        identifier(event["event_id"]),
        u64(sequence_number),
        signing_hash(event),
    )


def check_receipt(event: Json, receipt: Json, sequencer_key: bytes) -> list[str]:
    """Findings about a receipt for an event under the sequencer's public key (VES 11)."""
    findings = []
    if identifier(receipt["eventId"]) != identifier(event["event_id"]):
        findings.append("the receipt is for another event")
    expected = receipt_hash(event, receipt["sequenceNumber"])
    if unhex(receipt["receiptHash"], HASH_BYTES) != expected:
        findings.append("the receipt hash is not the hash of this event at this number")
    if receipt["signatureAlg"] != "ed25519" or receipt.get("receiptSignatureScheme", 0) != 1:
        findings.append("the receipt does not say that it is signed with ed25519")
    signature = bytes.fromhex(receipt["sequencerSignature"])
    if len(signature) != SIGNATURE_BYTES or not signature_is_valid(sequencer_key, expected, signature):
        findings.append("the sequencer's signature does not verify")
    return findings


# Inclusion proofs and commitments (VES 9, 10)


def leaf_hash(event: Json, sequence_number: int) -> bytes:
    """Merkle leaf of an event at a sequence number (VES 9.1)."""
    return sha256(
        b"VES_LEAF_V1",
        identifier(event["tenant_id"]),
        identifier(event["store_id"]),
        u64(sequence_number),
        signing_hash(event),
        unhex(event["agent_signature"], SIGNATURE_BYTES),
    )


def fold(leaf: bytes, index: int, path: list[bytes]) -> bytes:
    """Root that a leaf at `index` reaches along `path`, leaf level first (VES 9.3)."""
    running = leaf
    for level, sibling in enumerate(path):
        left, right = (sibling, running) if index >> level & 1 else (running, sibling)
        running = sha256(b"VES_NODE_V1", left, right)
    return running


def state_root(commitment: Json) -> bytes:
    """Recompute `new_state_root` of a commitment record (VES 10.2)."""
    stream = sha256(b"VES_STREAM_V1", identifier(commitment["tenant_id"]), identifier(commitment["store_id"]))
    return sha256(
        b"VES_STATE_ROOT_V1",
        stream,
        unhex(commitment["prev_state_root"], HASH_BYTES),
        unhex(commitment["merkle_root"], HASH_BYTES),
        u64(commitment["sequence_start"]),
        u64(commitment["sequence_end"]),
        u32(commitment["leaf_count"]),
    )


def check_commitment(commitment: Json) -> list[str]:
    """Findings about a commitment record by itself (VES 9.2, 10.2)."""
    findings = []
    leaves = commitment["sequence_end"] - commitment["sequence_start"] + 1
    padded = 1 << max(0, leaves - 1).bit_length()
    shape = (commitment["leaf_count"], commitment["padded_leaf_count"], 1 << commitment["tree_depth"])
    if leaves < 1 or shape != (leaves, padded, padded):
        findings.append("the commitment's counts do not fit its range")
    if state_root(commitment) != unhex(commitment["new_state_root"], HASH_BYTES):
        findings.append("the commitment's new_state_root does not follow from its parts")
    return findings


def check_chain(commitments: list[Json]) -> list[str]:
    """Findings about all commitments of a stream: gaps or overlaps of ranges, broken state root chain (VES 10)."""
    findings = []
    next_start, last_root = 1, ZERO_HASH
    for commitment in commitments:
        findings += check_commitment(commitment)
        if commitment["sequence_start"] != next_start:
            findings.append(f"a commitment starts at {commitment['sequence_start']}, not at {next_start}")
        if unhex(commitment["prev_state_root"], HASH_BYTES) != last_root:
            findings.append(
                f"the state root before {commitment['sequence_start']} is not the one that came out"
            )
        next_start = commitment["sequence_end"] + 1
        last_root = unhex(commitment["new_state_root"], HASH_BYTES)
    return findings


def check_proof(event: Json, proof: Json, commitment: Json) -> list[str]:
    """Findings about an inclusion proof of an event in a commitment (VES 9.3)."""
    findings = []
    number, index = proof["sequence_number"], proof["leaf_index"]
    leaf = leaf_hash(event, number)
    path = [unhex(node, HASH_BYTES) for node in proof["proof_path"]]
    root = unhex(proof["merkle_root"], HASH_BYTES)
    if unhex(proof["leaf_hash"], HASH_BYTES) != leaf:
        findings.append("the leaf is not the leaf of this event at this number")
    if proof["directions"] != [not index >> level & 1 for level in range(len(path))]:
        findings.append("the directions do not follow from the leaf index")
    if index >> len(path):
        findings.append("the leaf index does not fit the length of the path")
    if fold(leaf, index, path) != root:
        findings.append("the path does not lead to the merkle root")
    if identifier(proof["batch_id"]) != identifier(commitment["batch_id"]) or root != unhex(
        commitment["merkle_root"], HASH_BYTES
    ):
        findings.append("the proof belongs to another commitment")
    # Padding leaves have valid paths too, so the position is checked.
    in_range = commitment["sequence_start"] <= number <= commitment["sequence_end"]
    if not in_range or not 0 <= index < commitment["leaf_count"]:
        findings.append("the number is outside the commitment's range")
    if index != number - commitment["sequence_start"] or len(path) != commitment["tree_depth"]:
        findings.append("the leaf index does not follow from the commitment's range")
    if any(identifier(event[name]) != identifier(commitment[name]) for name in ("tenant_id", "store_id")):
        findings.append("the commitment belongs to another stream")
    return findings


def check_evidence(evidence: Json, keys: Json) -> list[str]:
    """Findings about one line of evidence; missing or malformed members are findings too."""
    try:
        if "chain" in evidence:
            return check_chain(evidence["chain"])
        event = evidence["event"]
        agent_key = keys["agents"][f"{event['source_agent_id']}/{event['agent_key_id']}"]
        findings = check_event(event, unhex(agent_key, HASH_BYTES))
        if receipt := evidence.get("receipt"):
            if sequencer_key := keys["sequencers"].get(receipt["sequencerId"]):
                findings += check_receipt(event, receipt, unhex(sequencer_key, HASH_BYTES))
            else:
                findings.append("no public key is known for the sequencer of the receipt")
        if proof := evidence.get("proof"):
            findings += check_commitment(evidence["commitment"])
            findings += check_proof(event, proof, evidence["commitment"])
            if receipt and receipt["sequenceNumber"] != proof["sequence_number"]:
                findings.append("receipt and proof name different numbers")
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        return [f"malformed: {type(error).__name__}: {error}"]
    return findings


def main(arguments: list[str]) -> int:
    """Verify a file of evidence; print a JSON summary; 0 = everything verifies, 1 = not, 2 = usage."""
    if len(arguments) != 2:  # noqa: PLR2004 - two file names
        sys.stderr.write("usage: python independent.py keys.json evidence.ndjson\n")
        return 2
    keys = parse(Path(arguments[0]).read_bytes())
    counts = {"events": 0, "receipts": 0, "proofs": 0, "commitments": 0}
    findings: list[Json] = []
    with Path(arguments[1]).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            evidence = parse(line)
            counts["events"] += "event" in evidence
            counts["commitments"] += len(evidence.get("chain", ()))
            counts["receipts"] += "receipt" in evidence
            counts["proofs"] += "proof" in evidence
            findings += [{"line": number, "finding": one} for one in check_evidence(evidence, keys)]
    valid = not findings and any(counts.values())
    sys.stdout.write(json.dumps({"valid": valid, **counts, "findings": findings}) + "\n")
    return 0 if valid else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
