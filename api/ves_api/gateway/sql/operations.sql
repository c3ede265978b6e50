-- The state of the server. Sent as role ves_api; only objects of schema ves.

-- name: health
-- What answers: engine version, mode, server version and its durability settings.
select
  health.engine_version,
  health.mode,
  health.server_version,
  health.fsync,
  health.synchronous_commit
from ves.health() as health;

-- name: list_migrations
-- Migrations that ran in the database, with the breaking level of each.
select
  migration.name,
  migration.breaking_level
from ves.list_migrations() as migration;

-- name: server_is_durable
-- Raises VE901 when the server would lose acknowledged commits.
select ves.server_is_durable();

-- name: server_identity
-- The same on a primary and on every physical replica of it, different anywhere else.
select ves.server_identity();
