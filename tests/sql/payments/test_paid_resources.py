"""The list of paid resources: sellers opt in by origin, entries are renewed, bounded, filtered, and end."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.payments.settling import refused
from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

SHOP = "https://shop.example"
PAYEE = "0x" + "Ab" * 20


class Catalogue:
    """A seller, and what everybody is told."""

    def __init__(self, admin: psycopg.Connection[Any], api: psycopg.Connection[Any]) -> None:
        self.admin = admin
        self.api = api
        self.tenant_id = uuid.uuid4()

    def list_origin(self, origin: str, is_listed: bool = True) -> None:
        self.admin.execute("select ves.set_paid_origin(%s, %s, %s)", [self.tenant_id, origin, is_listed])

    def record(self, path: str = "/a", *, origin: str = SHOP, item: str = "{}", **changed: Any) -> bool:
        given = {"method": "GET", "version": 2, "network": "eip155:1", "payee": PAYEE, **changed}
        return bool(
            scalar(
                self.api,
                "select ves.record_paid_resource(%s, %s, %s, %s, %s, %s, %s, %s)",
                [self.tenant_id, origin, origin + path, *given.values(), item],
            )
        )

    def told(self, **filters: Any) -> tuple[int, list[str]]:
        """`total`, and the entries of the page."""
        names = ", ".join(f"{name} => %({name})s" for name in filters)
        rows = self.api.execute(
            f"select total, item from ves.list_paid_resources({names})".encode(), filters
        ).fetchall()
        return rows[0][0], [item for _, item in rows if item is not None]


@pytest.fixture
def catalogue(database: Database) -> Iterator[Catalogue]:
    with database.connect("ves_admin") as admin, database.connect("ves_api") as api:
        yield Catalogue(admin, api)


def test_only_an_origin_that_the_seller_has_listed_is_told(catalogue: Catalogue) -> None:
    assert catalogue.record() is False
    catalogue.list_origin(SHOP)
    assert catalogue.record(origin="https://other.example") is False
    assert catalogue.told() == (0, [])
    assert catalogue.record(item='{"a":1}') is True
    assert catalogue.told() == (1, ['{"a":1}'])


def test_an_origin_of_one_tenant_lists_nothing_of_another(catalogue: Catalogue) -> None:
    catalogue.list_origin(SHOP)
    catalogue.tenant_id = uuid.uuid4()
    assert catalogue.record() is False


def test_a_removed_origin_takes_its_entries_along_and_no_others(catalogue: Catalogue) -> None:
    for origin in (SHOP, "https://other.example"):
        catalogue.list_origin(origin)
        catalogue.record(origin=origin, item=f'"{origin}"')
    catalogue.list_origin(SHOP, is_listed=False)
    assert catalogue.told() == (1, ['"https://other.example"'])
    assert catalogue.record() is False


def test_an_entry_is_renewed_by_the_next_payment_and_methods_are_apart(catalogue: Catalogue) -> None:
    catalogue.list_origin(SHOP)
    for item, method in (('"old"', "GET"), ('"new"', "GET"), ('"post"', "POST")):
        assert catalogue.record(item=item, method=method)
    assert catalogue.told() == (2, ['"post"', '"new"'])


def test_every_filter_and_the_page_have_the_right_total(catalogue: Catalogue) -> None:
    catalogue.list_origin(SHOP)
    catalogue.record("/1", item="1", version=1, network="base")
    catalogue.record("/2", item="2")
    catalogue.record("/3", item="3", payee="0x" + "cd" * 20)
    assert catalogue.told() == (3, ["3", "2", "1"])
    assert catalogue.told(network="base") == (1, ["1"])
    assert catalogue.told(payee_address=PAYEE.upper().replace("0X", "0x")) == (2, ["2", "1"])
    assert catalogue.told(extension="bazaar") == (2, ["3", "2"])
    assert catalogue.told(type="http", scheme="exact") == (3, ["3", "2", "1"])
    for none in ({"type": "mcp"}, {"scheme": "upto"}, {"extension": "other"}, {"network": "eip155:2"}):
        assert catalogue.told(**none) == (0, [])
    assert catalogue.told(max_rows=1, skip_rows=1) == (3, ["2"])
    assert catalogue.told(skip_rows=2**63 - 1) == (3, [])
    assert catalogue.told(max_rows=0) == (3, [])


def test_of_a_tenant_the_100_entries_paid_last_are_kept(catalogue: Catalogue) -> None:
    catalogue.list_origin(SHOP)
    for number in range(103):
        catalogue.record(f"/{number}", item=str(number))
    assert catalogue.told() == (100, [str(number) for number in range(102, 2, -1)])


def test_an_entry_without_a_payment_for_30_days_is_not_told_and_goes(
    catalogue: Catalogue, database: Database
) -> None:
    catalogue.list_origin(SHOP)
    catalogue.record("/old")
    with database.connect("postgres") as superuser:
        superuser.execute("update ves_store.x402_resources set last_paid_at = now() - interval '31 days'")
        assert catalogue.told() == (0, [])
        catalogue.record("/new", item="1")
        assert catalogue.told() == (1, ["1"])
        assert scalar(superuser, "select count(*) from ves_store.x402_resources") == 1


@pytest.mark.parametrize(
    "origin",
    ["shop.example", "https://Shop.example", "https://shop.example/", "ftp://a", "https://u@a", None],
)
def test_what_is_no_origin_is_refused(catalogue: Catalogue, origin: Any) -> None:
    refused("VE007", lambda: catalogue.list_origin(origin))
