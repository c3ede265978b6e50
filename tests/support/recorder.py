"""What the tests have asked of the API and been answered: the evidence for `tests/api/coverage.py`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


class Seen(NamedTuple):
    """One answer: which test asked, for what, how it ended, and the registered name of a refusal, else empty."""

    test_file: str
    method: str
    path: str
    status: int
    refusal: str = ""


ANSWERS: list[tuple[Seen, str]] = []  # with the request id of each
LOGS: set[Path] = set()


def note(answer: httpx.Response) -> None:
    """Event hook of the tests' clients."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    path = answer.request.url.raw_path.decode("ascii").partition("?")[0]
    request_id = answer.headers.get("x-request-id", "")
    ANSWERS.append((Seen(test, answer.request.method, path, answer.status_code), request_id))


def evidence() -> list[Seen]:
    """Every answer of this process, with the names of the refusals from the logs of the servers that it started."""
    names = refusals()
    return [answer._replace(refusal=names.get(request_id, "")) for answer, request_id in ANSWERS]


def refusals() -> dict[str, str]:
    """Request id to the registered name of its refusal, from the logs of every server that ran."""
    found = {}
    for log in LOGS:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"request_refused"' in line:
                entry = json.loads(line)
                found[entry["request_id"]] = entry["name"]
    return found
