create or replace function ves.read_events(
  tenant_id uuid, store_id uuid, after bigint default 0, max_events integer default 100,
  entity_type text default null, entity_id text default null, event_type text default null,
  decrypt boolean default true
)
returns setof ves.stored_event
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- plaintext is for those who may call ves.read_payloads
  v_opens constant boolean := coalesce(decrypt, true)
    and has_function_privilege(session_user, 'ves.read_payloads(uuid, uuid, bigint, integer)', 'execute')
    and (select s.mode = 'full' from ves_store.schema_state as s);
  v_filters constant boolean := num_nonnulls(read_events.entity_type, read_events.entity_id, read_events.event_type) > 0;
  v_events ves_store.ves_events[];
  v_payloads json[];
begin
  if coalesce(read_events.after < 0 or max_events not between 0 and 1000, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "after, max_events"}');
  end if;
  v_events := ves_int.next_events(
    read_events.tenant_id, read_events.store_id, read_events.after, max_events, read_events.entity_type,
    read_events.entity_id, read_events.event_type);
  if not v_filters and cardinality(v_events) > 0
    and (v_events[cardinality(v_events)]).sequence_number <> read_events.after + cardinality(v_events) then
    perform ves_int.raise_error('sequence_gap', jsonb_build_object(
      'sequence_start', read_events.after + 1,
      'sequence_end', (v_events[cardinality(v_events)]).sequence_number));
  end if;
  if v_opens then
    v_payloads := ves_int.open_ves_payloads(v_events);
  else
    v_payloads := array(select e.payload from unnest(v_events) with ordinality as e order by e.ordinality);
  end if;
  return query
  select
    e.sequence_number, e.event_id, e.command_id, e.source_agent_id, e.agent_key_id::bigint & 4294967295,
    e.ves_version, e.payload_kind, e.entity_type, e.entity_id, e.event_type, e.created_at_str, e.base_version,
    e.payload_plain_hash, e.payload_cipher_hash, e.event_signing_hash, e.agent_signature, e.agent_signature_scheme,
    e.agent_signature_bundle, ves_int.payload_state(e.shredded_at, e.payload_kind, e.payload_key_id), p.payload,
    e.payload_encrypted, case when p.payload is null then e.payload_at_rest end,
    case when p.payload is null then e.payload_key_id end, e.sequenced_at, e.leaf_hash, d.receipt
  from unnest(v_events) with ordinality as e
  join unnest(v_payloads) with ordinality as p (payload, ordinality) on e.ordinality = p.ordinality
  join ves_int.receipt_documents as d
    on e.tenant_id = d.tenant_id and e.store_id = d.store_id and e.sequence_number = d.sequence_number
  order by e.ordinality;
end
$$;

comment on function ves.read_events(uuid, uuid, bigint, integer, text, text, text, boolean) is
'The VES events numbered above after, in order and without a gap, at most 1,000 and 16 MiB of payloads (at least one event), with payload, receipt in the wire form (VES 11; sequencerSignature null until it is stored) and leaf hash. Call again with the last number; nothing is skipped, because numbers become visible in order. The filters name one entity type, entity or event type; they read every event until enough match. A payload that is encrypted at rest is decrypted for those who may call ves.read_payloads; else, with decrypt false and in core mode (where ves.read_payloads answers VE204) payload is null and payload_at_rest with payload_key_id is the ciphertext (VES 16). Errors: VE007, VE402 an event is missing, VE510 no usable key ring, VE512.';
