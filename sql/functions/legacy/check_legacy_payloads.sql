-- Chunks of 2,000 events, or fewer that hold 16 MiB of payloads.
create or replace function ves_int.check_legacy_payloads(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_last bigint := 0::bigint;
  v_chunk record;
  v_found text[];
  v_unopened bytea[] := array[]::bytea[];
begin
  if (select s.mode from ves_store.schema_state as s) <> 'full' then
    return;
  end if;
  loop
    select
      max(e.sequence_number) as last, array_agg(e.sequence_number) as numbers, array_agg(e.event_id) as event_ids,
      array_agg(e.entity_type) as entity_types, array_agg(e.entity_id) as entity_ids,
      array_agg(e.event_type) as event_types, array_agg(e.payload::text) as payloads,
      array_agg(e.payload_at_rest) as blobs, array_agg(e.payload_key_id) as key_ids,
      array_agg(e.payload_hash) as hashes
    into v_chunk
    from (
      select c.*, sum(c.size) over (order by c.sequence_number) - c.size as bytes_before
      from (
        select l.*, coalesce(octet_length(l.payload_at_rest), octet_length(l.payload::text)) as size
        from ves_store.events as l
        where l.tenant_id = check_legacy_payloads.tenant_id and l.store_id = check_legacy_payloads.store_id
          and l.sequence_number > v_last and l.shredded_at is null
        order by l.sequence_number
        limit 2000
      ) as c
    ) as e
    where e.bytes_before < 16777216;
    exit when v_chunk.last is null;
    v_last := v_chunk.last;
    v_found := ves_int.verify_legacy_batch(
      check_legacy_payloads.tenant_id, check_legacy_payloads.store_id, v_chunk.event_ids, v_chunk.numbers,
      v_chunk.entity_types, v_chunk.entity_ids, v_chunk.event_types, v_chunk.payloads, v_chunk.blobs,
      v_chunk.key_ids, v_chunk.hashes);
    v_unopened := array(
      select f.key_id from unnest(v_found, v_chunk.key_ids) as f (name, key_id)
      where f.name = 'payload_not_opened'
      union select u.key_id from unnest(v_unopened) as u (key_id));
    return query
    select 'legacy_' || f.name, f.sequence_number, null::uuid, case f.name
      when 'payload_hash' then 'payload_hash is not the hash of the stored payload'
      else 'the stored ciphertext does not open under its key'
    end
    from unnest(v_found, v_chunk.numbers) as f (name, sequence_number)
    where f.name in ('payload_hash', 'payload_at_rest');
  end loop;
  return query
  select u.* from ves_int.check_unopened(
    check_legacy_payloads.tenant_id, check_legacy_payloads.store_id, 'legacy', v_unopened) as u;
end
$$;

comment on function ves_int.check_legacy_payloads(uuid, uuid) is
'Findings about the stored payloads of a legacy stream: their hashes (VES 17.1), and those that do not open under their keys (VES 16). None in core mode, which cannot compute them.';
