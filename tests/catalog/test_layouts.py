"""What SQL and the library must spell alike: offsets within the digests of an event, names of findings."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

from tests.unit.ves.story import Agent
from ves import audit
from ves.ingest import decode_request, to_columns

if TYPE_CHECKING:
    import psycopg

# Digests of one event, in order: plain hash, cipher hash, signing hash, signature.
LENGTHS = (32, 32, 32, 64)
EDGES = [sum(LENGTHS[:count]) for count in range(len(LENGTHS) + 1)]
# Offset and length of every single digest, and of signing hash with signature, which a leaf takes together.
CUTS = {(start, end - start) for start, end in [*pairwise(EDGES), (EDGES[2], EDGES[4])]}
# How the place of an event is computed: SQL counts bytes from 1, and events from 1.
PLACES = {f"{EDGES[-1]} * g.ord::integer - {EDGES[-1] - 1} as place", f"octet_length(digests), {EDGES[-1]})"}
BODIES = (
    "select p.proname, p.prosrc from pg_proc as p"
    " where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace) and p.prosrc ~ %s"
)


def test_every_cut_of_the_digests_is_at_the_edges_of_one(catalog: psycopg.Connection[Any]) -> None:
    agent = Agent()
    assert len(to_columns(decode_request(agent.body(agent.event())).events).digests) == EDGES[-1]
    cuts: list[tuple[str, int, int]] = []
    places: list[str] = []
    mentions = 0
    for name, body in catalog.execute(BODIES, [r"substring\(\S*digests from"]).fetchall():
        mentions += len(re.findall(r"substring\(\S*digests from", body))
        found = re.findall(r"substring\(\S*digests from g\.place(?: \+ (\d+))? for (\d+)\)", body)
        cuts += [(name, int(offset or 0), int(length)) for offset, length in found]
        places += re.findall(r"\d+ \* \S+ - \d+ as place|octet_length\(digests\), \d+\)", body)
    assert len(cuts) == mentions > 0
    assert [cut for cut in cuts if cut[1:] not in CUTS] == []
    assert set(places) == PLACES


def test_every_finding_of_the_library_has_its_sentence(catalog: psycopg.Connection[Any]) -> None:
    names = {row[0] for row in catalog.execute("select name from ves_int.findings").fetchall()}
    source = catalog.execute("select prosrc from pg_proc where proname = 'check_commitments'").fetchone()
    assert source is not None
    of_commitments = set(re.findall(r"^ +\('(\w+)',", source[0], re.MULTILINE))
    assert len(of_commitments) == 8
    of_the_database = {"unknown_key", "unknown_signer"} | of_commitments
    summed_up_by_key = {"payload_not_opened"}
    assert names == {*get_args(audit.Finding), *of_the_database} - summed_up_by_key
