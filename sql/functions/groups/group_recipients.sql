create or replace function ves_int.group_recipients(tenant_id uuid, group_id uuid)
returns table (
  agent_id uuid, key_id bigint, key_algorithm smallint, x25519_public_key bytea, ml_kem_768_public_key bytea,
  status text
)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select m.agent_id, k.key_id, k.key_algorithm, k.public_key,
    ves_int.key_bundle_part(k.public_key_bundle, 'ml_kem_768_public_key'), k.status
  from ves_store.encryption_key_groups as g
  join ves_store.encryption_key_group_members as m on m.group_id = g.group_id and m.tenant_id = g.tenant_id
  left join lateral (
    select e.*
    from ves.agent_encryption_keys as e
    where e.tenant_id = m.tenant_id and e.agent_id = m.agent_id and e.status in ('active', 'in_grace')
    -- an active key before one that is being retired, then the wanted one, then the newest
    order by e.status, coalesce(e.key_id = m.encryption_key_id::bigint & 4294967295, false) desc,
      e.created_at desc, e.key_id desc
    limit 1
  ) as k on true
  where g.group_id = group_recipients.group_id and g.tenant_id = group_recipients.tenant_id and g.is_active;
$$;

comment on function ves_int.group_recipients(uuid, uuid) is
'Members of an active group, each with the encryption key that counts now: active before in_grace, the wanted one before the newest.';
