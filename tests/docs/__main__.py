"""`python -m tests.docs`: writes docs/protection.md, the tables of figures, and docs/reference from a fresh database of full mode."""

from __future__ import annotations

from tests.docs import performance
from tests.docs.reference import PAGES, pages
from tests.security import protection
from tests.support.cluster import discard, new_cluster
from ves_install.install import install


def main() -> None:
    for file, text in performance.pages().items():
        file.write_text(text, encoding="utf-8")
    protection.PAGE.write_text(protection.page(), encoding="utf-8")
    server = new_cluster()
    try:
        with server.connect() as connection:
            connection.execute("create database ves_docs")
        install(server.url("ves_docs"))
        with server.connect("ves_docs") as connection:
            for name, text in pages(connection).items():
                (PAGES / name).write_text(text, encoding="utf-8")
    finally:
        discard(server)


if __name__ == "__main__":
    main()
