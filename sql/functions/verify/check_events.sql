create or replace function ves_int.check_events(tenant_id uuid, store_id uuid)
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
  v_last bigint := 0::bigint;
  v_events record;
  v_masks integer[];
  v_unopened bytea[] := array[]::bytea[];
begin
  if not v_full then
    check_name := 'core_mode';
    finding := 'signatures, payload hashes and receipts were not recomputed: this database has no PL/Python';
    return next;
  end if;
  loop
    select * into v_events from ves_int.stored_events(check_events.tenant_id, check_events.store_id, v_last, v_chunk);
    exit when v_events.sequence_numbers is null;
    v_last := v_events.sequence_numbers[cardinality(v_events.sequence_numbers)];
    if v_full then
      v_masks := ves_int.verify_events_batch(
        check_events.tenant_id, check_events.store_id, v_events.ids, v_events.sequence_numbers,
        v_events.ves_versions, v_events.agent_key_ids, v_events.entity_types,
        v_events.entity_ids, v_events.event_types, v_events.created_at_texts, v_events.payload_kinds,
        v_events.payloads, v_events.digests, v_events.leaf_hashes, v_events.signature_schemes,
        v_events.signature_bundles, v_events.key_algorithms, v_events.key_public_keys, v_events.key_bundles,
        v_events.receipt_hashes, v_events.receipt_signatures, v_events.receipt_public_keys,
        v_events.payloads_at_rest, v_events.payload_key_ids, v_events.payload_states);
      v_unopened := array(
        select m.key_id from unnest(v_masks, v_events.payload_key_ids) as m (mask, key_id) where m.mask & 128 > 0
        union select u.key_id from unnest(v_unopened) as u (key_id));
    else
      select array_agg(
        v_events.payload_states[g.ord] | case when substring(v_events.leaf_hashes from (32 * g.ord - 31)::integer for 32) = sha256(
          'VES_LEAF_V1'::bytea || uuid_send(check_events.tenant_id) || uuid_send(check_events.store_id)
          || int8send(g.sequence_number) || substring(v_events.digests from (160 * g.ord - 95)::integer for 96)
        ) then 0 else 16 end order by g.ord)
      into v_masks
      from unnest(v_events.sequence_numbers) with ordinality as g (sequence_number, ord);
    end if;
    return query
    select f.check_name, g.sequence_number, null::uuid, f.finding
    from unnest(v_events.sequence_numbers, v_masks, v_events.key_public_keys, v_events.signer_is_known)
      as g (sequence_number, mask, key_public_key, signer_is_known)
    cross join lateral (
      values
      (g.mask & 1 > 0, 'payload_hash', 'payload_plain_hash is not the hash of the stored payload'),
      (g.mask & 2 > 0, 'cipher_hash', 'payload_cipher_hash is not the hash of the stored encrypted payload'),
      (g.mask & 4 > 0, 'signing_hash', 'event_signing_hash is not the hash of the stored event'),
      (g.mask & 8 > 0 and g.key_public_key is not null, 'signature', 'the agent''s signature does not verify'),
      (g.mask & 16 > 0, 'leaf_hash', 'leaf_hash is not the leaf of the stored event'),
      (g.mask & 32 > 0, 'receipt', 'the stored receipt hash is not that of the event'),
      (g.mask & 64 > 0, 'receipt', 'the stored receipt signature does not verify'),
      (g.mask & 256 > 0, 'payload_at_rest', 'the stored ciphertext does not open under its key'),
      (g.mask & 512 > 0, 'payload_shredded',
        'payloads were destroyed on purpose (ves.shredded_payloads): their hashes cannot be recomputed'),
      (g.mask & 1024 > 0, 'payload_hash', 'the payload is gone, and no record says who destroyed it'),
      (g.key_public_key is null, 'signature', 'the agent key is not registered'),
      (not g.signer_is_known, 'receipt', 'the signer of the receipt is not registered')
    ) as f (found, check_name, finding)
    where (g.mask <> 0 or g.key_public_key is null or not g.signer_is_known) and f.found;
  end loop;
  return query
  select u.* from ves_int.check_unopened(check_events.tenant_id, check_events.store_id, 'ves', v_unopened) as u;
end
$$;

comment on function ves_int.check_events(uuid, uuid) is
'Findings about the stored events of a stream: hashes, signatures, leaves, receipts, recomputed in chunks of 2,000.';
