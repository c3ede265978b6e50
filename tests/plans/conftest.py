"""The engine tests' fixtures."""

from __future__ import annotations

from tests.catalog.conftest import catalog
from tests.sql.fixtures import admin, agent, edge, owner, service, shared, worker

__all__ = ["admin", "agent", "catalog", "edge", "owner", "service", "shared", "worker"]
