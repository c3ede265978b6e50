create or replace function ves_int.check_legacy_stream(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_full constant boolean := (select s.mode from ves_store.schema_state as s) = 'full';
  v_prefix constant bytea := 'STATESET_COMMITMENT_LEAF_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id);
  v_head constant bigint := ves.get_legacy_head(tenant_id, store_id);
  v_event record;
  v_commitment ves_store.commitments;
  v_previous ves_store.commitments;
  v_leaves bytea;
  v_levels bytea[];
  v_last bigint := 0::bigint;
  v_unopened bytea[] := array[]::bytea[];
begin
  for v_event in
    select
      e.sequence_number, e.event_id, e.payload::text as payload, e.payload_hash, e.leaf_hash, e.entity_type, e.entity_id,
      e.event_type, e.payload_at_rest, e.payload_key_id, e.shredded_at,
      exists (
        select from ves_store.shredded_payloads as s
        where s.tenant_id = e.tenant_id and s.store_id = e.store_id and s.stream = 'legacy'
          and s.sequence_number = e.sequence_number
      ) as is_marked
    from ves_store.events as e
    where e.tenant_id = check_legacy_stream.tenant_id and e.store_id = check_legacy_stream.store_id
    order by e.sequence_number
  loop
    sequence_number := v_event.sequence_number;
    if v_event.sequence_number <> v_last + 1 then
      check_name := 'legacy_numbering';
      finding := format('events %s to %s are missing', v_last + 1, v_event.sequence_number - 1);
      return next;
    end if;
    v_last := v_event.sequence_number;
    if v_event.shredded_at is not null then
      check_name := case when v_event.is_marked then 'payload_shredded' else 'legacy_payload_hash' end;
      finding := case
        when v_event.is_marked then 'payloads were destroyed on purpose (ves.shredded_payloads): their hashes cannot be recomputed'
        else 'the payload is gone, and no record says who destroyed it'
      end;
      return next;
    elsif v_full then
      case ves_int.check_legacy_payload(
        check_legacy_stream.tenant_id, check_legacy_stream.store_id, v_event.event_id, v_event.sequence_number,
        v_event.entity_type, v_event.entity_id, v_event.event_type, v_event.payload, v_event.payload_at_rest,
        v_event.payload_key_id, v_event.payload_hash)
        when 'payload_not_opened' then
          if not v_event.payload_key_id = any (v_unopened) then
            v_unopened := v_unopened || v_event.payload_key_id;
          end if;
        when 'payload_at_rest' then
          check_name := 'legacy_payload_at_rest';
          finding := 'the stored ciphertext does not open under its key';
          return next;
        when 'payload_hash' then
          check_name := 'legacy_payload_hash';
          finding := 'payload_hash is not the hash of the stored payload';
          return next;
        else
          null;
      end case;
    end if;
    if v_event.leaf_hash <> sha256(
      v_prefix || int8send(v_event.sequence_number) || v_event.payload_hash
      || int4send(octet_length(v_event.entity_type)) || convert_to(v_event.entity_type, 'UTF8')
      || int4send(octet_length(v_event.entity_id)) || convert_to(v_event.entity_id, 'UTF8')
    ) then
      check_name := 'legacy_leaf_hash';
      finding := 'leaf_hash is not the leaf of the stored event';
      return next;
    end if;
  end loop;
  return query
  select u.* from ves_int.check_unopened(
    check_legacy_stream.tenant_id, check_legacy_stream.store_id, 'legacy', v_unopened) as u;
  if v_head <> v_last then
    check_name := 'legacy_numbering';
    sequence_number := v_last;
    finding := format('the counter says %s, the last event is %s', v_head, v_last);
    return next;
  end if;

  for v_commitment in
    select c.* from ves_store.commitments as c
    where c.tenant_id = check_legacy_stream.tenant_id and c.store_id = check_legacy_stream.store_id
    order by c.sequence_start
  loop
    check_name := 'legacy_commitment';
    batch_id := v_commitment.batch_id;
    sequence_number := v_commitment.sequence_start;
    select string_agg(e.leaf_hash, ''::bytea order by e.sequence_number) into v_leaves
    from ves_store.events as e
    where e.tenant_id = check_legacy_stream.tenant_id and e.store_id = check_legacy_stream.store_id
      and e.sequence_number between v_commitment.sequence_start and v_commitment.sequence_end;
    v_levels := ves_int.legacy_tree_levels(v_leaves);
    if v_levels[cardinality(v_levels)] is distinct from v_commitment.events_root
      or octet_length(v_leaves) is distinct from 32 * v_commitment.event_count then
      finding := 'events_root is not the root of the stored leaves';
      return next;
    end if;
    if v_levels is distinct from (
      select array_agg(n.nodes order by n.level) from ves_store.commitment_nodes as n
      where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
      having min(n.level) = 0 and max(n.level) = count(*) - 1
    ) then
      finding := 'the stored tree levels are not those of the leaves';
      return next;
    end if;
    if v_commitment.prev_state_root <> coalesce(v_previous.new_state_root, decode(repeat('00', 32), 'hex')) then
      finding := 'prev_state_root is not the state root of the commitment before';
      return next;
    end if;
    if v_previous.batch_id is not null and v_commitment.sequence_start <> v_previous.sequence_end + 1 then
      finding := 'the range does not start after the commitment before';
      return next;
    end if;
    if v_previous.batch_id is null and v_commitment.sequence_start > 1 then
      check_name := 'before_first_commitment';
      sequence_number := v_commitment.sequence_start - 1;
      finding := 'legacy numbers up to this one are before the first commitment: no commitment can cover them';
      return next;
    end if;
    v_previous := v_commitment;
  end loop;
end
$$;

comment on function ves_int.check_legacy_stream(uuid, uuid) is
'Findings about the legacy stream: numbering, payload hashes (full mode), leaves, trees, the chain of state roots. A state root itself cannot be recomputed: it covers the entity versions of its moment.';
