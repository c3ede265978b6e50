"""Judged after a complete run of tests/api: each route has a story of its own, and each of its refusals has happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import recorder
from tests.support.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ves_api.operations.kit import Operation

# Tests that call every route in the same way are no test of any one of them.
GENERIC = "tests/api/surface/"
WHOLE = pytest.StashKey[bool]()
Route = tuple[str, str]


def plugin() -> Verdicts:
    return Verdicts("tests/api/coverage.py", gather, judge)


def gather(config: pytest.Config) -> list[list[Any]] | None:
    """The answers that this process has seen; None unless all tests of tests/api and tests/x402 are in the run."""
    return [list(answer) for answer in recorder.evidence()] if config.stash.get(WHOLE, False) else None


def judge(evidence: list[list[list[Any]]]) -> dict[str, str]:
    from tests.api.surface.conftest import APPLICATION  # noqa: PLC0415 - building it takes a second
    from ves_api.http.docs.document import routes_of  # noqa: PLC0415

    documented = {(route.method, route.template): route.operation for route in routes_of(APPLICATION.routes)}
    answers = seen(documented, [recorder.Seen(*row) for rows in evidence for row in rows])
    return {
        "every_route_has_a_story_of_its_own_in_which_it_succeeds": without_story(documented, answers),
        "every_refusal_that_a_route_documents_has_happened": without_refusal(documented, answers),
    }


def template_of(path: str, templates: list[str]) -> str | None:
    """The documented path that a request meant; one without a parameter in a place wins over one with."""
    for template in sorted(templates, key=lambda t: (t.count("{"), t)):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            return template
    return None


def seen(
    documented: dict[Route, Operation[Any]], answers: Sequence[recorder.Seen]
) -> list[tuple[Route, recorder.Seen]]:
    """The answers of documented routes, each with its route."""
    templates = sorted({template for _, template in documented})
    cache: dict[str, str | None] = {}
    found = []
    for answer in answers:
        if answer.path not in cache:
            cache[answer.path] = template_of(answer.path, templates)
        template = cache[answer.path]
        if template is not None and (answer.method, template) in documented:
            found.append(((answer.method, template), answer))
    return found


def without_story(documented: dict[Route, Operation[Any]], answers: list[tuple[Route, recorder.Seen]]) -> str:
    told = {
        route
        for route, answer in answers
        if answer.status == 200 and not answer.test_file.startswith(GENERIC)
    }
    return "\n".join(sorted(f"{method} {path}" for method, path in set(documented) - told))


def without_refusal(
    documented: dict[Route, Operation[Any]], answers: list[tuple[Route, recorder.Seen]]
) -> str:
    happened = {(route, answer.refusal) for route, answer in answers if answer.refusal}
    promised = {(route, name) for route, operation in documented.items() for name in operation.errors}
    return "\n".join(sorted(f"{method} {path}: {name}" for (method, path), name in promised - happened))
