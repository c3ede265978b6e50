-- In SQL, because core mode commits too.
create or replace function ves_int.legacy_entities_root(tenant_id uuid, store_id uuid)
returns bytea
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    uuid_send(legacy_entities_root.tenant_id) || uuid_send(legacy_entities_root.store_id)
    || coalesce(string_agg(
      convert_to(v.entity_type, 'UTF8') || convert_to(v.entity_id, 'UTF8')
      || substring(v.version_bytes from 8 for 1) || substring(v.version_bytes from 7 for 1)
      || substring(v.version_bytes from 6 for 1) || substring(v.version_bytes from 5 for 1)
      || substring(v.version_bytes from 4 for 1) || substring(v.version_bytes from 3 for 1)
      || substring(v.version_bytes from 2 for 1) || substring(v.version_bytes from 1 for 1),
      ''::bytea order by v.entity_type collate "C", v.entity_id collate "C"
    ), ''::bytea))
  from (
    select e.entity_type, e.entity_id, int8send(e.version) as version_bytes
    from ves_store.entity_versions as e
    where e.tenant_id = legacy_entities_root.tenant_id and e.store_id = legacy_entities_root.store_id
  ) as v;
$$;

comment on function ves_int.legacy_entities_root(uuid, uuid) is
'Legacy state root (VES 17.3) over the entity versions as they are now, ordered by bytes; versions little-endian.';
