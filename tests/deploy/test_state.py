"""The state files: their form, their modes, what is generated once, which ports stay."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from ves_local import database, keyvalue, ports, secretstore, up
from ves_local.console import StageError, open_log
from ves_local.layout import Layout

HOST = "127.0.0.1"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A checkout with a space and a percent sign in its path, and an environment that asks for nothing."""
    for name in (
        *ports.NAMES,
        "DATABASE_URL",
        "BOOTSTRAP_ADMIN_API_KEY",
        "VES_SEQUENCER_SIGNING_KEY",
        "VES_SEQUENCER_ID",
    ):
        monkeypatch.delenv(name, raising=False)
    found = Layout(tmp_path / "a check%out")
    found.run.mkdir(parents=True)
    return found


def written_env(layout: Layout, host: str = HOST) -> dict[str, str]:
    known = secretstore.load(layout)
    chosen = ports.choose(layout.state / "ports", HOST)
    up.write_env(layout, known, database.private_urls(layout, known), chosen, host)
    return keyvalue.read(layout.env_file)


def test_env_is_one_pair_a_line_and_closed_to_others(layout: Layout) -> None:
    env = written_env(layout)
    assert layout.env_file.stat().st_mode & 0o777 == 0o600
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in layout.env_file.read_text().splitlines())
    assert env["VES_HTTP_URL"].startswith("http://127.0.0.1:")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", env["VES_GRPC_TARGET"])
    assert env["VES_DATABASE_URL"].startswith("postgresql://ves_admin:")
    assert env["VES_SERVICE_DATABASE_URL"].startswith("postgresql://ves_service:")
    assert re.fullmatch(r"ss_[A-Za-z0-9_-]{40,}", env["VES_ADMIN_KEY"])
    assert re.fullmatch(r"[0-9a-f]{64}", env["VES_SEQUENCER_PUBLIC_KEY"])


def test_a_listener_on_every_address_is_reached_by_a_real_one(layout: Layout) -> None:
    assert written_env(layout, "0.0.0.0")["VES_HTTP_URL"].startswith("http://127.0.0.1:")
    assert written_env(layout, "::1")["VES_HTTP_URL"].startswith("http://[::1]:")


def test_database_urls_survive_the_driver_whatever_the_path_holds(layout: Layout) -> None:
    parts = conninfo_to_dict(written_env(layout)["VES_DATABASE_URL"])
    assert parts["host"] == str(layout.postgres_socket)
    assert (parts["user"], parts["dbname"]) == ("ves_admin", "ves")


def test_a_shell_may_source_env_as_it_is(layout: Layout) -> None:
    expected = written_env(layout)
    script = f'set -a; . "{layout.env_file}"; printf "%s" "$VES_SERVICE_DATABASE_URL"'
    sourced = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
    assert sourced.stdout == expected["VES_SERVICE_DATABASE_URL"]


def test_secrets_are_generated_once_and_kept(layout: Layout) -> None:
    first = secretstore.load(layout)
    assert secretstore.load(layout) == first
    assert layout.secrets_file.stat().st_mode & 0o777 == 0o600
    assert len(first["BOOTSTRAP_ADMIN_API_KEY"]) >= 43
    assert len({*first.values()}) == len(first)


def test_a_secret_from_the_environment_wins_and_stays(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    secretstore.load(layout)
    monkeypatch.setenv("BOOTSTRAP_ADMIN_API_KEY", "ss_given")
    secretstore.load(layout)
    monkeypatch.delenv("BOOTSTRAP_ADMIN_API_KEY")
    assert secretstore.load(layout)["BOOTSTRAP_ADMIN_API_KEY"] == "ss_given"


def test_keys_that_were_deleted_beside_the_data_are_not_made_anew(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.data.mkdir(parents=True)
    first = secretstore.load(layout)
    secretstore.write_keyring(layout, first)
    (layout.data / "PG_VERSION").touch()
    layout.secrets_file.unlink()
    kept = secretstore.load(layout)
    assert kept["PAYLOAD_ENCRYPTION_KEY"] == first["PAYLOAD_ENCRYPTION_KEY"]
    layout.keyring.unlink()
    assert secretstore.load(layout) == kept
    layout.secrets_file.unlink()
    with pytest.raises(StageError, match="are gone"):
        secretstore.load(layout)
    monkeypatch.setenv("PAYLOAD_ENCRYPTION_KEY", kept["PAYLOAD_ENCRYPTION_KEY"])
    assert secretstore.load(layout)["PAYLOAD_ENCRYPTION_KEY"] == kept["PAYLOAD_ENCRYPTION_KEY"]


def test_role_urls_keep_the_server_and_replace_every_form_of_login() -> None:
    given = "postgres://boss:s%40crt@db.example:6543/shop?sslmode=verify-full&user=boss&password=x"
    found = database.role_url(given, "ves_api", "p/w")
    assert found == "postgresql://ves_api:p%2Fw@db.example:6543/shop?sslmode=verify-full"
    assert "boss" not in database.masked(given)


def test_ports_stay_the_same_at_every_start(tmp_path: Path) -> None:
    path = tmp_path / "ports"
    first = ports.choose(path, HOST, environment={})
    assert ports.choose(path, HOST, environment={}) == first
    assert first["PORT"] != first["GRPC_PORT"]


def test_a_port_that_somebody_took_is_chosen_anew(tmp_path: Path) -> None:
    path = tmp_path / "ports"
    first = ports.choose(path, HOST, environment={})
    with socket.create_server((HOST, first["PORT"])):
        again = ports.choose(path, HOST, environment={})
    assert again["PORT"] != first["PORT"]
    assert again["GRPC_PORT"] == first["GRPC_PORT"]


def test_a_port_that_our_own_process_holds_stays(tmp_path: Path) -> None:
    path = tmp_path / "ports"
    first = ports.choose(path, HOST, environment={})
    with socket.create_server((HOST, first["PORT"])):
        assert ports.choose(path, HOST, ours={first["PORT"]}, environment={}) == first


def test_a_requested_port_is_taken_and_remembered(tmp_path: Path) -> None:
    wanted = ports.free_port(HOST, ())
    ports.choose(tmp_path / "ports", HOST, environment={"PORT": str(wanted)})
    assert ports.choose(tmp_path / "ports", HOST, environment={})["PORT"] == wanted


def test_a_requested_port_that_is_held_is_an_error(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        wanted = {"PORT": str(other.getsockname()[1])}
        with pytest.raises(StageError, match="something else listens"):
            ports.choose(tmp_path / "ports", HOST, environment=wanted)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "8080 ", "\uff18\uff10"])
def test_a_port_that_is_no_port_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(StageError, match="must be a port"):
        ports.choose(tmp_path / "ports", HOST, environment={"PORT": text})


def test_values_are_taken_literally(tmp_path: Path) -> None:
    values = {"A": "x=y", "B": "$HOME `id` 'q' \"d\" #", "C": ""}
    keyvalue.write(tmp_path / "file", values)
    assert keyvalue.read(tmp_path / "file") == values
    with pytest.raises(ValueError, match="line break"):
        keyvalue.write(tmp_path / "file", {"A": "x\ny"})


def test_a_log_is_for_its_owner_also_where_an_older_one_was_not(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("old")
    log.chmod(0o644)
    with open_log(log) as stream:
        stream.write("new")
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("new", 0o600)
