"""Runs after every other test of this folder: each route has a story of its own, and each of its refusals happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import recorder
from ves_api.http.docs.document import routes_of

if TYPE_CHECKING:
    from ves_api.operations.kit import Operation

# Tests that call every route in the same way are no test of any one of them.
GENERIC = "tests/api/surface/"


@pytest.fixture
def documented(request: pytest.FixtureRequest) -> dict[tuple[str, str], Operation[Any]]:
    """(method, path template) to operation; skips unless all tests of tests/api have run."""
    if not request.config.stash[WHOLE]:
        pytest.skip("only part of tests/api runs")
    from tests.api.surface.conftest import APPLICATION  # noqa: PLC0415 - building it warns, and nobody else needs it

    return {(route.method, route.template): route.operation for route in routes_of(APPLICATION.routes)}


WHOLE = pytest.StashKey[bool]()


def template_of(path: str, templates: list[str]) -> str | None:
    """The documented path that a request meant; one without a parameter in a place wins over one with."""
    for template in sorted(templates, key=lambda t: (t.count("{"), t)):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            return template
    return None


def seen(documented: dict[tuple[str, str], Operation[Any]]) -> list[tuple[tuple[str, str], recorder.Seen]]:
    templates = sorted({template for _, template in documented})
    cache: dict[str, str | None] = {}
    found = []
    for answer in recorder.ANSWERS:
        if answer.path not in cache:
            cache[answer.path] = template_of(answer.path, templates)
        template = cache[answer.path]
        if template is not None and (answer.method, template) in documented:
            found.append(((answer.method, template), answer))
    return found


def test_every_route_has_a_story_of_its_own_in_which_it_succeeds(
    documented: dict[tuple[str, str], Operation[Any]],
) -> None:
    told = {
        route
        for route, answer in seen(documented)
        if answer.status == 200 and not answer.test_file.startswith(GENERIC)
    }
    missing = sorted(f"{method} {path}" for method, path in set(documented) - told)
    assert not missing, "\n".join(missing)


def test_every_refusal_that_a_route_documents_has_happened(
    documented: dict[tuple[str, str], Operation[Any]],
) -> None:
    names = recorder.refusals()
    happened = {(route, names[a.request_id]) for route, a in seen(documented) if a.request_id in names}
    promised = {(route, name) for route, operation in documented.items() for name in operation.errors}
    missing = sorted(f"{method} {path}: {name}" for (method, path), name in promised - happened)
    assert not missing, "\n".join(missing)
