"""The one reader of Ed25519 seeds."""

from __future__ import annotations

import base64

import pytest

from ves_edge.seed import parse_seed

# Its base64 has both letters in which the two alphabets differ.
SEED = bytes(range(224, 256))
STANDARD = base64.b64encode(SEED).decode()


@pytest.mark.parametrize(
    "text",
    [
        SEED.hex(),
        "0x" + SEED.hex(),
        SEED.hex().upper(),
        STANDARD,
        base64.urlsafe_b64encode(SEED).decode().rstrip("="),
    ],
)
def test_a_seed_is_read_in_every_form_of_the_protocol(text: str) -> None:
    assert parse_seed(text) == SEED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "zz" * 32,
        SEED.hex()[:-1],
        base64.b64encode(SEED[:31]).decode(),
        STANDARD.replace("+", "-", 1),
        STANDARD.replace("/", "_", 1),
    ],
)
def test_a_seed_of_another_form_or_of_two_alphabets_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="expected 32 bytes") as caught:
        parse_seed(text)
    assert not text or text not in str(caught.value)
