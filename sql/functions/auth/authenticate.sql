create or replace function ves.authenticate(key_hash text)
returns table (
  tenant_id uuid, store_ids uuid[], agent_id uuid, can_read boolean, can_write boolean, can_admin boolean,
  rate_limit integer, budget_of text, auth_epoch bigint
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select k.tenant_id, k.store_ids, k.agent_id, k.can_read, k.can_write, k.can_admin, k.rate_limit, k.budget_of,
    coalesce((
      select e.epoch from ves_store.credential_epochs as e where e.tenant_id = k.tenant_id
    ), 0)
  from ves_store.api_keys as k
  where k.key_hash = authenticate.key_hash and k.active;
$$;

comment on function ves.authenticate(text) is
'Identity of an active API key by its hash, with the credential epoch of its tenant it was read at; no row otherwise. budget_of: hash of the key whose count of requests it shares; null: its own. A key of the nil tenant acts in every tenant; its epoch is that of the nil tenant.';
