"""The engine tests' fixtures."""

from __future__ import annotations

from tests.sql.fixtures import admin, agent, edge, owner, service, shared, worker

__all__ = ["admin", "agent", "edge", "owner", "service", "shared", "worker"]
