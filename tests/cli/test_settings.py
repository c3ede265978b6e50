"""Where settings come from: flag, environment, then a state file that nobody else could have planted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ves_api.cli import settings as operators
from ves_client.commands import settings
from ves_client.errors import ClientError
from ves_client.grpc_sync import GrpcSync
from ves_client.sequencer import Sequencer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path, monkeypatch: Any) -> Path:
    file = tmp_path / ".ves" / "env"
    file.parent.mkdir()
    file.write_text(
        "# a comment\n\nVES_HTTP_URL=http://from-file:1\nVES_TENANT_ID = spaced \nno equals sign\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return file


def layers(**environ: str) -> settings.Layers:
    found = settings.find_state_file(settings.Path.cwd())
    return settings.Layers(environ, settings.parse_env_file(found.read_text()) if found else {}, found)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(state: Path) -> None:
    assert layers().get("VES_HTTP_URL") == "http://from-file:1"
    assert layers(VES_HTTP_URL="http://e").find("VES_HTTP_URL") == ("http://e", "environment")
    assert layers(VES_HTTP_URL="http://e").find("VES_HTTP_URL", "http://f") == ("http://f", "flag")
    assert layers(VES_HTTP_URL=" ").get("VES_HTTP_URL") == "http://from-file:1", "empty counts as unset"
    assert layers().get("VES_TENANT_ID") == "spaced"
    assert layers().find("VES_AGENT_KEY_FILE") == ("ves-agent-key.json", "default")


@pytest.mark.parametrize(
    ("environ", "flag", "target"),
    [
        ({}, None, "file:2"),
        ({"VES_GRPC_TARGET": "e:2"}, None, "e:2"),
        ({"VES_GRPC_TARGET": "e:2", "VES_HTTP_URL": "http://e:1"}, None, "e:2"),
        ({"VES_HTTP_URL": "http://e:1"}, None, None),
        ({}, "http://f:1", None),
        ({"VES_GRPC_TARGET": "e:2"}, "http://f:1", None),
    ],
    ids=str,
)
def test_an_api_key_goes_to_no_grpc_server_of_another_place_than_the_address(
    state: Path, monkeypatch: Any, environ: dict[str, str], flag: str | None, target: str | None
) -> None:
    state.write_text(state.read_text() + "VES_GRPC_TARGET=file:2\n")
    found = layers(**environ)
    monkeypatch.setattr(settings, "layers", lambda: found)
    with Sequencer("http://h", "ss_x") as http, settings.open_sync(http, flag, "ss_x") as opened:
        assert isinstance(opened, GrpcSync) == (target is not None)
    assert settings._grpc_target(flag) == target


def test_a_missing_setting_says_how_to_give_it(state: Path) -> None:
    with pytest.raises(ClientError, match="--store or set VES_STORE_ID"):
        layers().need("VES_STORE_ID")
    with pytest.raises(ClientError, match="set VES_ADMIN_KEY"):
        layers().api_key()


def test_the_file_of_a_stranger_is_not_read(state: Path, monkeypatch: Any) -> None:
    if os.geteuid() == 0:
        os.chown(state, 12345, 12345)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    assert layers().get("VES_HTTP_URL") == "http://127.0.0.1:8080"
    monkeypatch.setenv("SUDO_UID", str(state.stat().st_uid))
    assert layers().get("VES_HTTP_URL") == "http://from-file:1"


@pytest.mark.parametrize(
    ("value", "count"), [("", 0), ("11" * 32, 1), ("0x" + "11" * 32 + ", " + "22" * 32, 2)]
)
def test_public_keys_are_read_from_a_list(value: str, count: int) -> None:
    assert len(settings.Layers({"VES_SEQUENCER_PUBLIC_KEY": value}, {}, None).public_keys()) == count


def test_the_superuser_is_found_by_the_socket_of_a_private_cluster_only() -> None:
    def url(known: str, **more: str) -> str | None:
        environ = {"VES_DATABASE_URL": known, **more}
        return operators.superuser_url(settings.Layers(environ, {}, None, operators.BY_NAME))

    assert url("postgresql://ves_admin:x@/ves?host=/run/pg&port=5433") == (
        "host=/run/pg port=5433 user=postgres dbname=postgres"
    )
    assert url("postgresql://ves_admin:x@db.example/ves") is None
    assert (
        url("postgresql://a@db/ves", VES_SUPERUSER_DATABASE_URL="postgresql://root@db/x")
        == "postgresql://root@db/x"
    )
