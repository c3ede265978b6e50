"""Compares a live database with the engine that this release would install."""

from __future__ import annotations

import uuid
from typing import LiteralString

import psycopg

from ves_install.errors import MigrationError
from ves_install.install import install
from ves_install.record import Difference
from ves_install.session import connect

OBJECTS: LiteralString = "select kind || ' ' || identity, digest from ves_record.list_objects()"


def _objects(connection: psycopg.Connection) -> dict[str, str]:
    return {str(name): str(digest) for name, digest in connection.execute(OBJECTS).fetchall()}


def diagnose(database_url: str) -> list[Difference]:
    """Differences of the live engine from this release's; empty when there are none.

    Builds this release's engine in a scratch database on the same server and compares definitions, so the caller
    needs the rights of an installation.
    """
    scratch = f"ves_doctor_{uuid.uuid4().hex[:12]}"
    with connect(database_url) as live:
        if live.execute("select 1 where to_regclass('ves_record.objects') is null").fetchone():
            raise MigrationError(
                "the database has no engine, or only a part of it: restore it, or run `ves engine install`"
            )
        found = _objects(live)  # before the scratch installation, which sets the settings of the roles
        recorded = live.execute(
            "select kind || ' ' || identity, state from ves_record.list_differences()"
        ).fetchall()
        row = live.execute("select mode from ves_store.schema_state").fetchone()
        mode = str(row[0]) if row else "core"
        live.execute(f"create database {scratch}".encode())
        try:
            scratch_url = psycopg.conninfo.make_conninfo(database_url, dbname=scratch)
            install(scratch_url, core=mode == "core")
            with connect(scratch_url) as wanted_connection:
                wanted = _objects(wanted_connection)
        finally:
            live.execute(f"drop database {scratch} with (force)".encode())
    differences = [Difference(name, "missing") for name in sorted(wanted.keys() - found.keys())]
    differences += [Difference(name, "unexpected") for name in sorted(found.keys() - wanted.keys())]
    differences += [
        Difference(name, "changed")
        for name in sorted(wanted.keys() & found.keys())
        if wanted[name] != found[name]
    ]
    # Cluster-wide objects are the same in both databases.
    named = {difference.name for difference in differences}
    return differences + [Difference(*each) for each in recorded if each[0] not in named]
