create or replace function ves_int.check_events(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_chunk constant integer := 2000;
  v_full constant boolean := (select s.mode from ves_store.schema_state as s) = 'full';
  v_last bigint := from_sequence - 1;
  v_events ves_int.event_chunk;
  v_found text[];
  v_unopened bytea[] := array[]::bytea[];
begin
  if not v_full then
    check_name := 'core_mode';
    finding := 'signatures, payload hashes and receipts were not recomputed: this database has no PL/Python';
    return next;
  end if;
  loop
    v_events := ves_int.stored_events(
      check_events.tenant_id, check_events.store_id, v_last, to_sequence, v_chunk);
    exit when v_events.sequence_numbers is null;
    v_last := v_events.sequence_numbers[cardinality(v_events.sequence_numbers)];
    if v_full then
      v_found := ves_int.verify_events_batch(check_events.tenant_id, check_events.store_id, v_events);
      v_unopened := array(
        select f.key_id from unnest(v_found, v_events.payload_key_ids) as f (names, key_id)
        where f.names ~ 'payload_not_opened'
        union select u.key_id from unnest(v_unopened) as u (key_id));
    else
      select array_agg(concat_ws(' ', g.state, case when g.leaf_hash <> sha256(
        'VES_LEAF_V1'::bytea || uuid_send(check_events.tenant_id) || uuid_send(check_events.store_id)
        || int8send(g.sequence_number) || g.signing_hash || g.signature
      ) then 'leaf_hash' end) order by g.ord)
      into v_found
      from unnest(
        v_events.sequence_numbers, v_events.signing_hashes, v_events.signatures, v_events.leaf_hashes,
        v_events.payload_states
      ) with ordinality as g (sequence_number, signing_hash, signature, leaf_hash, state, ord);
    end if;
    return query
    select f.check_name, g.sequence_number, null::uuid, f.finding
    from unnest(v_events.sequence_numbers, v_found, v_events.key_public_keys, v_events.signer_is_known)
      as g (sequence_number, names, key_public_key, signer_is_known)
    cross join lateral string_to_table(concat_ws(
      ' ', nullif(g.names, ''), case when g.key_public_key is null then 'unknown_key' end,
      case when not g.signer_is_known then 'unknown_signer' end), ' ') as n (name)
    join ves_int.findings as f on f.name = n.name;
  end loop;
  return query
  select u.* from ves_int.check_unopened(check_events.tenant_id, check_events.store_id, 'ves', v_unopened) as u;
end
$$;

comment on function ves_int.check_events(uuid, uuid, bigint, bigint) is
'Findings about the stored events of a range of a stream: hashes, signatures, leaves, receipts, recomputed in chunks of 2,000.';
