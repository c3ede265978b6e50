"""A prover that lies about the trace is caught by the constraint that it breaks (STARK 6, 7)."""

from __future__ import annotations

import pytest

from tests.unit.ves_stark.vectors import case
from ves_stark import layout, rescue
from ves_stark.errors import InvalidProofError
from ves_stark.field import P
from ves_stark.layout import Statement
from ves_stark.prover import prove, trace
from ves_stark.verifier import verify_proof

CASE = case("aml_default")
HONEST = trace.build(CASE.amount, CASE.statement)

# (row, column): one cell of each kind that the statement depends on.
CELLS = [
    *[(row, column) for row in (0, 7, 13) for column in (0, 1, 4, 11)],
    (14, 0),
    (15, 3),
    (0, layout.AMOUNT[0]),
    (0, layout.AMOUNT[1]),
    (0, layout.AMOUNT[5]),
    (0, layout.LIMIT[0]),
    (0, layout.LIMIT[1]),
    (0, layout.AMOUNT_BITS[0][3]),
    (0, layout.AMOUNT_BITS[1][31]),
    (0, layout.DIFFERENCE[0]),
    (0, layout.DIFFERENCE[1]),
    (0, layout.DIFFERENCE_BITS[0][0]),
    (0, layout.DIFFERENCE_BITS[1][30]),
    (0, layout.BORROW[0]),
    (0, layout.BORROW[1]),
    (0, layout.FIRST_ROW_FLAG),
    (15, layout.LAST_ROW_FLAG),
    (3, layout.ROW_NUMBER),
    (0, layout.INPUTS[0]),
    (0, layout.INPUTS[46]),
]


def forge(monkeypatch, rows, statement=CASE.statement):
    """What the prover makes of other rows, with its own checks out of the way."""
    monkeypatch.setattr(prove, "_check", lambda *_: None)
    monkeypatch.setattr(prove, "build_trace", lambda *_: rows)
    return prove.prove_statement(0, statement)


def test_the_honest_rows_pass(monkeypatch):
    verify_proof(forge(monkeypatch, HONEST), CASE.statement)


@pytest.mark.parametrize(("row", "column"), CELLS)
def test_a_changed_cell_is_caught(monkeypatch, row, column):
    rows = [list(line) for line in HONEST]
    rows[row][column] = (rows[row][column] + 1) % P
    with pytest.raises(InvalidProofError):
        verify_proof(forge(monkeypatch, rows), CASE.statement)


@pytest.mark.parametrize("amount", [10_000, 10_001, 2**32, 2**64 - 1])
def test_an_amount_above_the_limit_has_no_accepted_trace(monkeypatch, amount):
    """All columns as honest as they can be, the difference being what the field makes of it."""
    limit = CASE.statement.limit
    statement = Statement(limit, CASE.statement.inputs, tuple(rescue.commitment(amount)))
    rows = trace.build(amount % 2**32, Statement(2**63, statement.inputs, statement.commitment))
    low, high, *_ = rescue.amount_limbs(amount)
    for number, row in enumerate(rows):
        row[:12] = rescue.amount_states(amount)[min(number, 14)]
        row[20:22] = [limit % 2**32, limit >> 32]
    differences = ((limit - low) % P, -high % P)
    for limb, value in zip(layout.DIFFERENCE, differences, strict=False):
        rows[0][limb] = value
    rows[0][12:14] = [low, high]
    for column, place in zip(layout.AMOUNT_BITS[1], range(32), strict=True):
        rows[0][column] = high >> place & 1
    rows[0][layout.BORROW[0]] = 0
    with pytest.raises(InvalidProofError):
        verify_proof(forge(monkeypatch, rows, statement), statement)


def test_cells_that_the_statement_does_not_use_are_free(monkeypatch):
    """The filler is for byte equality; a different one is a different proof of the same statement."""
    rows = [list(line) for line in HONEST]
    rows[5][30] = 99
    rows[7][layout.AMOUNT_BITS[0][0]] = 3
    proof = forge(monkeypatch, rows)
    verify_proof(proof, CASE.statement)
    assert proof != CASE.proof


def with_remainder(monkeypatch, change):
    """A proof whose remainder is changed before it is committed, everything else following from it."""
    honest = prove._deep

    def deep(*arguments):
        coefficients = honest(*arguments)
        change(coefficients)
        return coefficients

    monkeypatch.setattr(prove, "_deep", deep)
    return prove.prove_statement(CASE.amount, CASE.statement)


@pytest.mark.parametrize("place", [0, 7, 14])
def test_a_committed_remainder_that_is_not_the_deep_polynomial_is_caught(monkeypatch, place):
    def change(coefficients):
        coefficients[place] = (coefficients[place][0] ^ 1, 0)

    with pytest.raises(InvalidProofError, match="does not fit the remainder"):
        verify_proof(with_remainder(monkeypatch, change), CASE.statement)


def test_a_remainder_of_degree_fifteen_is_caught(monkeypatch):
    def change(coefficients):
        coefficients[15] = (1, 0)

    with pytest.raises(InvalidProofError, match="too high a degree"):
        verify_proof(with_remainder(monkeypatch, change), CASE.statement)


@pytest.mark.parametrize("table", ["trace", "composition"])
def test_committed_tables_that_are_no_polynomials_are_caught(monkeypatch, table):
    """The out-of-domain values are honest; the rows under the commitment are not."""
    made = []
    honest = prove._Committed.__init__

    def committed(self, values):
        if len(made) == ["trace", "composition"].index(table):
            values = values.copy()
            values[:, 0] ^= values.dtype.type(1)
        made.append(self)
        honest(self, values)

    monkeypatch.setattr(prove._Committed, "__init__", committed)
    with pytest.raises(InvalidProofError, match="does not fit the remainder"):
        verify_proof(prove.prove_statement(CASE.amount, CASE.statement), CASE.statement)
