create or replace function ves.get_group_recipient_keys(tenant_id uuid, group_id uuid)
returns table (
  agent_id uuid, key_id bigint, key_algorithm smallint, x25519_public_key bytea, ml_kem_768_public_key bytea,
  status text
)
language plpgsql
stable
security definer
rows 100
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_double bigint;
begin
  if not exists (
    select from ves_store.encryption_key_groups as g
    where g.group_id = get_group_recipient_keys.group_id and g.tenant_id = get_group_recipient_keys.tenant_id
  ) then
    perform ves_int.raise_error('encryption_group_not_found');
  end if;
  select r.key_id into v_double
  from ves_int.group_recipients(tenant_id, group_id) as r
  where r.key_id is not null
  group by r.key_id
  having count(*) > 1
  limit 1;
  if found then
    perform ves_int.raise_error('recipient_key_conflict', jsonb_build_object('key_id', v_double));
  end if;
  return query
  select r.* from ves_int.group_recipients(tenant_id, group_id) as r order by r.key_id, r.agent_id;
end
$$;

comment on function ves.get_group_recipient_keys(uuid, uuid) is
'To whom a payload for the group is sealed now: each member with its current key, by key number (the recipient_kid of VES 8); key_id is null for a member without a usable encryption key. No row when the group is inactive. A payload names recipients by number alone, so two members'' current keys must differ in it. Errors: VE210, VE212 two members'' keys have one number.';
