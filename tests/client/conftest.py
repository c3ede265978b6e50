"""An outbox of its own and a sequencer double for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, serving
from ves_client import Outbox, Pushed, Sequencer, Trust, push


@pytest.fixture
def double() -> Iterator[Double]:
    with serving(Double()) as made:
        yield made


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "shop.db", AGENT, TENANT, STORE) as made:
        yield made


@pytest.fixture
def send(double: Double, outbox: Outbox) -> Callable[..., Pushed]:
    """Push the outbox to the double, trusting the key that signs its receipts."""

    def run(**options: Any) -> Pushed:
        with Sequencer(double.url, "ss_x", timeout=options.pop("timeout", 20.0)) as sequencer:
            return push(outbox, sequencer, Trust((SEQUENCER_KEY,)), **options)

    return run
