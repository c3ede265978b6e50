"""Computed security of a version 2 proof (STARK 15). README.md explains the figures."""

from __future__ import annotations

from math import ceil, log2, sqrt
from typing import Any

from ves_stark.layout import COMPOSITION_COLUMNS, DOMAIN, ROWS
from ves_stark.options import Options

FIELD_BITS = 64
_COLLISION_BITS = 128
# Query security in bits from which the usual conjecture also counts the proof of work.
_GRINDING_FLOOR = 80
# Hash calls of one retry for the out-of-domain point, after changing an unopened leaf.
_CALLS_PER_TRY = 10
_LEAST_PROXIMITY = 3
_OPENINGS = 2


def conjectured_bits(options: Options) -> int:
    """Security in bits under the usual conjecture on low-degree tests, as the original counts it."""
    field = FIELD_BITS * options.extension - int(log2(DOMAIN))
    queries = options.queries * int(log2(options.blowup))
    if queries >= _GRINDING_FLOOR:
        queries += options.grinding_bits
    return min(min(field, queries) - 1, _COLLISION_BITS)


def _proven_at(options: Options, proximity: int) -> int:
    """Proven bits for one proximity parameter: the worst of four error terms, minus two for the sum."""
    field = FIELD_BITS * options.extension
    rate = 1 / options.blowup
    agreement = (1 + 1 / (2 * proximity)) * sqrt(rate)
    batching = field - log2((proximity + 0.5) ** 7 / 2 / rate**1.5 * DOMAIN**2)
    queries = options.grinding_bits - options.queries * log2(agreement)
    wider_rate = (ROWS + _OPENINGS) / DOMAIN
    wider = ceil(1 / (2 * (agreement / sqrt(wider_rate) - 1)))
    candidates = (2 * wider + 1) / (2 * sqrt(wider_rate))
    constraints = field - log2(candidates)
    openings = field - log2(candidates * (options.blowup * (ROWS + 1) + ROWS - 1))
    low_degree = int(min(batching, queries)) - 1
    return max(min(low_degree, int(constraints), int(openings)) - 1, 0)


def proven_bits(options: Options) -> int:
    """Security in bits without any conjecture, in the list-decoding regime."""
    most = ceil(ROWS / 4 * (1 + sqrt(1 + 2 / ROWS)))
    best = max(_proven_at(options, proximity) for proximity in range(_LEAST_PROXIMITY, most))
    return min(best, _COLLISION_BITS)


def forging_cost_log2(options: Options) -> float:
    """Binary logarithm of the hash calls of the best known attack.

    A composition polynomial fits any 128 values, so a false statement passes at one of about 2^7
    out-of-domain points; the forger draws the point again until it is one of them.
    """
    fitted = log2(ROWS * COMPOSITION_COLUMNS)
    return FIELD_BITS * options.extension - fitted + log2(_CALLS_PER_TRY)


def facts(options: Options) -> dict[str, Any]:
    """Return the security properties of a proof with these options as JSON."""
    return {
        "conjectured_bits": conjectured_bits(options),
        "proven_bits": proven_bits(options),
        "forging_cost_log2": round(forging_cost_log2(options), 1),
        "hides_amount": False,
        "binds_amount_to_event": False,
        "bound": [
            "eventId", "tenantId", "storeId", "sequenceNumber", "payloadKind", "payloadPlainHash",
            "payloadCipherHash", "eventSigningHash", "policyHash", "limit", "witnessCommitment",
        ],
        "not_bound": ["amountBindingHash", "authorizationReceiptHash", "prover", "time"],
    }  # fmt: skip
