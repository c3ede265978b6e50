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
