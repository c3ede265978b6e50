"""Workers in a container of their own are a target of their own: dashboards and alerts see their series."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.support.cluster import ROOT
from tests.support.processes import free_port
from tests.support.promql import Scrapes, read
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.promql import Vector

FOLDER = ROOT / "deploy" / "observability"


def scrape(port: int) -> dict[str, Vector]:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    return read(answer.text, job="workers")


def workers_panels() -> list[str]:
    panels = json.loads((FOLDER / "dashboards" / "database.json").read_text(encoding="utf-8"))["panels"]
    return [
        target["expr"].replace("$__rate_interval", "5m")
        for panel in panels
        for target in panel["targets"]
        if "worker_steps" in target["expr"]
    ]


def commit_steps(port: int) -> float:
    steps = scrape(port).get("sequencer_worker_steps_total", {})
    return sum(count for labels, count in steps.items() if ("worker", "commit") in labels)


def test_dashboards_show_what_a_worker_process_answers(start: Callable[..., Any]) -> None:
    port = free_port()
    process = start("commit", "dead-letters", VES_METRICS_BIND=f"127.0.0.1:{port}")
    wait_until(lambda: process.said("worker.started"), "the start")
    wait_until(lambda: "sequencer_dlq_size" in scrape(port) and commit_steps(port) > 0)
    first, steps = scrape(port), commit_steps(port)
    wait_until(lambda: commit_steps(port) > steps)
    scrapes = Scrapes([(0.0, first), (60.0, scrape(port))])
    shown = {label for panel in workers_panels() for labels in scrapes.evaluate(panel) for label in labels}
    assert ("worker", "commit") in shown
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    assert process.stop() == 0


def test_a_peer_that_says_nothing_does_not_keep_the_scraper_out(start: Callable[..., Any]) -> None:
    port = free_port()
    process = start("commit", VES_METRICS_BIND=f"127.0.0.1:{port}")
    wait_until(lambda: process.said("worker.started"), "the start")
    with socket.create_connection(("127.0.0.1", port)):
        assert httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).status_code == 200
    assert process.stop() == 0


@pytest.mark.parametrize("bind", ["9090", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x"])
def test_what_is_no_address_stops_the_start(start: Callable[..., Any], bind: str) -> None:
    process = start("commit", VES_METRICS_BIND=bind)
    assert process.wait() == 2
    assert "VES_METRICS_BIND: " in process.log_text()


def test_an_address_in_use_stops_the_start(start: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("commit", VES_METRICS_BIND=f"127.0.0.1:{port}")
        assert process.wait() == 2
        assert "VES_METRICS_BIND: " in process.log_text()


def test_each_container_of_the_compose_file_that_counts_is_scraped() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    jobs = yaml.safe_load((FOLDER / "prometheus-containers.yml").read_text(encoding="utf-8"))[
        "scrape_configs"
    ]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    port = services["workers"]["environment"]["VES_METRICS_BIND"].rpartition(":")[2]
    front = services["front"]["environment"]["VES_FRONT_BIND"].rpartition(":")[2]
    assert targets == {"sequencer": [f"front:{front}"], "workers": [f"workers:{port}"]}
    assert "ports" not in services["workers"], "the scrape wants no credential"
    alerts = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    (down,) = [rule["expr"] for rule in alerts if rule["alert"] == "SequencerDown"]
    for job in targets:
        assert Scrapes([(0.0, {"up": {frozenset({("job", job)}): 0.0}})]).evaluate(down)
