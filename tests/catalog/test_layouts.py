"""Numbers that SQL and the library must spell alike: offsets within the digests of an event, bits of findings."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ves import audit

if TYPE_CHECKING:
    import psycopg

# Digests of one event, in order: plain hash, cipher hash, signing hash, signature.
LENGTHS = (32, 32, 32, 64)
EDGES = [sum(LENGTHS[:count]) for count in range(len(LENGTHS) + 1)]
# Every single digest, and signing hash with signature, which a leaf takes together. SQL counts bytes from 1 and events from 1.
CUTS = {
    (audit.DIGEST_BYTES - start - 1, end - start) for start, end in [*pairwise(EDGES), (EDGES[2], EDGES[4])]
}
BODIES = (
    "select p.proname, p.prosrc from pg_proc as p"
    " where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace) and p.prosrc ~ %s"
)


def test_every_cut_of_the_digests_is_at_the_edges_of_one(catalog: psycopg.Connection[Any]) -> None:
    assert EDGES[-1] == audit.DIGEST_BYTES
    cuts: list[tuple[str, int, int, int]] = []
    mentions = 0
    for name, body in catalog.execute(BODIES, [r"substring\(\S*digests from"]).fetchall():
        mentions += len(re.findall(r"substring\(\S*digests from", body))
        found = re.findall(
            r"substring\(\S*digests from \((\d+) \* \w+\.ord - (\d+)\)::integer for (\d+)\)", body
        )
        cuts += [(name, int(stride), int(offset), int(length)) for stride, offset, length in found]
    assert len(cuts) == mentions > 0
    wrong = [cut for cut in cuts if cut[1] != audit.DIGEST_BYTES or (cut[2], cut[3]) not in CUTS]
    assert wrong == []


def test_every_bit_of_a_finding_is_one_that_the_library_names(catalog: psycopg.Connection[Any]) -> None:
    bits = {
        value
        for name, value in vars(audit).items()
        if name.endswith(("_WRONG", "_NOT_OPENED", "_SHREDDED", "_MISSING"))
    }
    assert bits == {1 << exponent for exponent in range(11)}
    bodies = dict(
        catalog.execute(BODIES, [r"mask & \d|payload_states|shredded_at is null then 0"]).fetchall()
    )
    told = {int(bit) for bit in re.findall(r"mask & (\d+) > 0", bodies["check_events"])}
    assert told == bits
    made = {int(bit) for bit in re.findall(r"(?:then|else) (\d{3,})\b", bodies["stored_events"])}
    assert made == {audit.PAYLOAD_SHREDDED, audit.PAYLOAD_MISSING}
