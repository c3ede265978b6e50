-- What the administrator's dashboard shows. Sent as role ves_api; only objects of schema ves.

-- name: admin_overview
-- The totals of a tenant, or of the whole system.
select
  figures.tenants,
  figures.stores,
  figures.agents,
  figures.api_keys,
  figures.active_api_keys,
  figures.total_head_sequence,
  figures.ves_head_sequence,
  figures.active_stores_24h,
  figures.max_projection_lag,
  figures.last_activity_at
from ves.admin_overview(tenant_id => %(tenant_id)s) as figures;

-- name: admin_tenants
-- Tenants with figures, the latest key change first.
select
  figures.tenant_id,
  figures.agent_count,
  figures.api_key_count,
  figures.active_api_keys,
  figures.store_count,
  figures.total_head_sequence,
  figures.ves_head_sequence,
  figures.active_stores_24h,
  figures.max_projection_lag,
  figures.last_key_at,
  figures.last_activity_at
from ves.admin_tenants(tenant_id => %(tenant_id)s, max_rows => %(max_rows)s) as figures;

-- name: admin_stores
-- Stores with their heads, the latest change first.
select
  figures.tenant_id,
  figures.store_id,
  figures.head_sequence,
  figures.ves_head_sequence,
  figures.last_projected_sequence,
  figures.projection_lag,
  figures.agent_count,
  figures.last_agent_sync_at,
  figures.updated_at
from ves.admin_stores(tenant_id => %(tenant_id)s, max_rows => %(max_rows)s) as figures;

-- name: admin_agents
-- Agents with figures of their keys, the latest key change first.
select
  figures.tenant_id,
  figures.agent_id,
  figures.permissions,
  figures.store_scope,
  figures.api_key_count,
  figures.active_api_keys,
  figures.first_key_at,
  figures.last_key_at,
  figures.store_id,
  figures.last_sync_at,
  figures.last_pushed_sequence,
  figures.last_pulled_sequence
from ves.admin_agents(tenant_id => %(tenant_id)s, max_rows => %(max_rows)s) as figures;
