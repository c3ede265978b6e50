"""Reading and writing times (VES 3, 11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ves import timestamps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

GOOD = {
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01t00:00:00z": 0,
    "1970-01-01 00:00:00+00:00": 0,
    "1970-01-01T00:00:00-00:00": 0,
    "1970-01-01T00:00:01.5Z": 1_500_000,
    "1970-01-01T00:00:01.0000019Z": 1_000_001,
    "1970-01-01T00:00:01." + "1" * 4000 + "Z": 1_111_111,
    "1969-12-31T23:59:59.999999Z": -1,
    "1970-01-01T00:00:00+05:30": -19_800_000_000,
    "1970-01-01T00:00:00\u221205:30": 19_800_000_000,
    "1970-01-01T23:59:60Z": 86_400_000_000,
    "1970-01-01T00:00:60.25Z": 60_250_000,
    "2024-02-29T12:00:00.1-05:30": 1_709_227_800_100_000,
    "2025-12-20T17:51:10.243Z": 1_766_253_070_243_000,
    "9999-12-31T23:59:59.999999Z": 253_402_300_799_999_999,
    "0001-01-01T00:00:00+23:59": -62_135_683_140_000_000,
    "0000-01-01T00:00:00Z": -62_167_219_200_000_000,
    "0000-02-29T00:00:00Z": -62_162_121_600_000_000,
    "0399-12-31T23:59:60Z": -49_544_438_400_000_000,
}


@pytest.mark.parametrize("text", GOOD)
def test_a_time_is_read_in_microseconds(text):
    assert timestamps.rfc3339_micros(text) == GOOD[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-12-20",
        "2025-12-20T17:51:10",
        "2025-12-20T17:51Z",
        "2025-12-20T17:51:10.Z",
        "2025-12-20T17:51:10,5Z",
        "2025-12-20T17:51:10+0530",
        "2025-12-20T17:51:10+05",
        "2025-12-20T17:51:10+24:00",
        "2025-12-20T17:51:10+05:60",
        "2025-12-20T17:51:10 Z",
        " 2025-12-20T17:51:10Z",
        "2025-12-20T17:51:10Z\n",
        "2025-12-20_17:51:10Z",
        "2025-12-20T24:00:00Z",
        "2025-12-20T17:60:00Z",
        "2025-12-20T17:51:61Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2025-02-29 00:00:00z",
        "2025-02-00T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "+2025-12-20T17:51:10Z",
        "12025-12-20T17:51:10Z",
        "２０２５-12-20T17:51:10Z",  # noqa: RUF001
        "2025-W01-1T00:00:00Z",
        "20251220T175110Z",
    ],
)
def test_what_is_not_a_time_with_an_offset_is_not_read(text):
    assert timestamps.rfc3339_micros(text) is None


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00"),
        (-1, "1969-12-31T23:59:59.999999"),
        (1_766_253_070_243_000, "2025-12-20T17:51:10.243"),
        (1_766_253_070_243_001, "2025-12-20T17:51:10.243001"),
    ],
)
def test_a_time_is_written_with_as_many_digits_as_it_needs(micros, text):
    assert timestamps.micros_text(micros) == f"{text}+00:00"
    assert timestamps.micros_text(micros, zulu=True) == f"{text}Z"
    assert timestamps.rfc3339_micros(f"{text}Z") == micros


@pytest.mark.parametrize("text", GOOD)
def test_a_moment_is_the_same_instant(text):
    first = -62_135_596_800_000_000
    moment = timestamps.rfc3339_moment(text)
    if GOOD[text] < first:
        assert moment is None
    else:
        assert (moment - EPOCH) // timedelta(microseconds=1) == GOOD[text]


def test_what_is_no_time_is_no_moment():
    assert timestamps.rfc3339_moment("2025-12-20T17:51:10+0530") is None
    assert timestamps.rfc3339_moment("2025-12-20") is None
