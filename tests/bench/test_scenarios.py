"""Every scenario of the bench runs: once, at its least size. Its figures are checked for form, never for speed."""

from __future__ import annotations

import contextlib
import json
import math
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.bench import product, results, system
from tests.bench.__main__ import SCENARIOS
from tests.support.processes import Worker, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

YARDSTICK = results.Yardstick(5_000, 2)


@pytest.fixture(scope="module")
def durable_server() -> Iterator[Cluster]:
    with system.private_server() as cluster:
        yield cluster


class LeastBench(system.Bench):
    """Its product is the API and the workers alone: `make up` takes longer than all scenarios together."""

    @contextlib.contextmanager
    def product(self) -> Iterator[product.Product]:
        grpc_port = free_port()
        settings = {"GRPC_DISABLED": "false", "GRPC_PORT": str(grpc_port)}
        with self.store() as store, store.api(self.log("product"), **settings) as api:
            workers = Worker(store.url("ves_worker"))
            workers.launch(self.log("workers"))
            assert workers.process is not None
            settings = {
                "VES_HTTP_URL": f"http://127.0.0.1:{api.port}",
                "VES_GRPC_TARGET": f"127.0.0.1:{grpc_port}",
                "VES_ADMIN_KEY": system.BOOTSTRAP_KEY,
                "VES_SEQUENCER_PUBLIC_KEY": system.SEQUENCER_PUBLIC_KEY.hex(),
                "VES_SERVICE_DATABASE_URL": store.url("ves_service"),
                "VES_SUPERUSER_DATABASE_URL": store.url("postgres"),
            }
            pids = {"api": api.pid, "workers": workers.process.pid, "postgres": self.cluster.postmaster_pid}
            try:
                yield product.Product(self.folder, settings, pids, quiet_seconds=0)
            finally:
                workers.stop()


def run_least(name: str, server: Cluster, folder: Path) -> list[results.Figure]:
    return SCENARIOS[name](LeastBench(server, os.cpu_count() or 1, folder, "least"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_runs_and_its_figures_can_be_written(
    name: str, durable_server: Cluster, tmp_path: Path
) -> None:
    # A process of its own: scenarios fork, which gRPC does not survive where an earlier test has used it.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        figures = pool.submit(run_least, name, durable_server, tmp_path).result()
    assert figures
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert math.isfinite(figure.value), figure.name
        assert figure.title
        assert json.dumps(figure.as_json(YARDSTICK))
    results.table(figures, YARDSTICK)


@pytest.mark.soak
def test_the_product_of_the_bench_is_started_and_found(tmp_path: Path) -> None:
    with product.running(tmp_path) as found:
        assert found.ask("select count(*) from ves_store.ves_events") == 0
        assert set(found.private_mib()) == {"api", "workers"}
        assert found.settle()[1] >= 0
