"""Creates the database, installs or updates the engine as administrator, and sets the passwords of the edge roles."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ves_local import processes
from ves_local.console import StageError, open_log
from ves_local.layout import DATABASE
from ves_local.secretstore import LOGIN_ROLES, password_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ves_local.layout import Layout

_START_SECONDS = 60.0
_CONNECT_SECONDS = 10


def socket_url(layout: Layout, role: str, database: str, password: str = "") -> str:
    """Return the URL of the private server, for its Unix socket."""
    login = f"{role}:{quote(password, safe='')}" if password else role
    # One parameter only: an `&` would break a shell that sources .ves/env. No port: the socket has libpq's default, and
    # not every driver reads a port without a host.
    return f"postgresql://{login}@/{database}?host={quote(str(layout.postgres_socket), safe='')}"


def role_url(administrator: str, role: str, password: str) -> str:
    """Return the URL of the administrator with the login of `role` instead."""
    parts = urlsplit(administrator)
    place = parts.netloc.rpartition("@")[2]
    login = f"{quote(role, safe='')}:{quote(password, safe='')}"
    # Drop login parameters: they would override the login before the host.
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in {"user", "password"}
    ]
    return urlunsplit(
        ("postgresql", f"{login}@{place}", parts.path, urlencode(query, quote_via=quote, safe=""), "")
    )


def masked(url: str) -> str:
    """Return a URL without its login, fit for the terminal."""
    parts = urlsplit(url)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class Urls:
    """Database URLs of the administrator and of each role."""

    administrator: str
    roles: Mapping[str, str]


def private_urls(layout: Layout, known: Mapping[str, str]) -> Urls:
    """Return the URLs of the private server."""
    roles = {role: socket_url(layout, role, DATABASE, known[password_name(role)]) for role in LOGIN_ROLES}
    return Urls(socket_url(layout, "postgres", DATABASE), roles)


def role_urls(administrator: str, passwords: Mapping[str, str]) -> Urls:
    """Return the URLs of an external server, for the roles that have a password in `passwords` (see `secretstore`)."""
    known = [role for role in LOGIN_ROLES if password_name(role) in passwords]
    return Urls(
        administrator, {role: role_url(administrator, role, passwords[password_name(role)]) for role in known}
    )


def wait_for_server(layout: Layout) -> str:
    """Wait until the private server answers; return its version, such as `15.20`."""
    version = ""

    def answers() -> bool:
        nonlocal version
        try:
            with psycopg.connect(
                socket_url(layout, "postgres", "postgres"), connect_timeout=_CONNECT_SECONDS
            ) as connection:
                version = connection.info.parameter_status("server_version") or ""
        except psycopg.OperationalError:
            return False
        return True

    if not processes.wait_until(answers, _START_SECONDS):
        raise StageError("the server does not answer", [layout.log / "postgres.log"])
    return version.split(maxsplit=1)[0]


def create_database(layout: Layout) -> bool:
    """Create the database of the private server. Return whether it was missing."""
    with psycopg.connect(socket_url(layout, "postgres", "postgres"), autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            return False
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(DATABASE)))
        return True


def install_engine(layout: Layout, urls: Urls) -> None:
    """Bring the engine to this checkout's state: migrations, functions, queues, roles. Does nothing if it is current."""
    log = layout.log / "engine-install.log"
    # The URL may hold a password, so it is passed in the environment, which only this user can read.
    command: list[str | Path] = [layout.venv / "bin" / "python", "-m", "ves_api.cli", "engine", "install"]
    with open_log(log) as stream:
        done = subprocess.run(
            command,
            check=False,
            stdout=stream,
            stderr=stream,
            cwd=layout.checkout,
            env=tool_environment(urls.administrator) | _engine_settings(),
        )
    if done.returncode != 0:
        raise StageError("the engine could not be installed", [log])


def _engine_settings() -> dict[str, str]:
    """Return the settings from the environment that apply to the database, not to a process."""
    return {name: os.environ[name] for name in ("AUDIT_LOG_ENABLED",) if os.environ.get(name)}


def tool_environment(database_url: str) -> dict[str, str]:
    """Return the whole environment of a tool that works on the database as its administrator."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "DATABASE_URL": database_url,
        "ALLOW_INSECURE_LOCAL_DB": "true",
    }


def _can_log_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=_CONNECT_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True


def _without_password(connection: psycopg.Connection[tuple[str]]) -> set[str]:
    """Return our roles without a password; none if the administrator may not read that on this server."""
    query = "select rolname from pg_authid where rolname = any(%s) and rolpassword is null"
    try:
        return {name for (name,) in connection.execute(query, [list(LOGIN_ROLES)])}
    except psycopg.errors.InsufficientPrivilege:
        return set()


def open_to_roles(urls: Urls, known: Mapping[str, str]) -> list[str]:
    """Set the generated password of each role unless it already works. Return the changed roles.

    The statement contains a SCRAM verifier, never the password, so that statement logs cannot leak it.
    """
    changed = []
    with psycopg.connect(urls.administrator, autocommit=True) as connection:
        fresh = _without_password(connection)
        for role, url in urls.roles.items():
            if role not in fresh and _can_log_in(url):
                continue
            password = known[password_name(role)].encode()
            verifier = connection.pgconn.encrypt_password(password, role.encode(), b"scram-sha-256").decode()
            connection.execute(
                sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier))
            )
            changed.append(role)
    return changed


def mode(urls: Urls) -> str:
    """Return the mode that the engine reports: `full` or `core`."""
    with psycopg.connect(urls.administrator, autocommit=True) as connection:
        row = connection.execute("select mode from ves.health()").fetchone()
    return str(row[0]) if row else "unknown"
