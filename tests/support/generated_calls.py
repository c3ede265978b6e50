"""`make generate`: writes api/ves_edge/gen from the catalog of a private server with the engine in it."""

from __future__ import annotations

from tests.support.cluster import discard, new_cluster
from ves_edge.generate import main
from ves_install.install import install


def regenerate() -> None:
    cluster = new_cluster()
    try:
        with cluster.connect() as connection:
            connection.execute("create database generated")
        install(cluster.url("generated"))
        main(cluster.url("generated"))
    finally:
        discard(cluster)


if __name__ == "__main__":
    regenerate()
