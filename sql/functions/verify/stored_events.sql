create or replace function ves_int.stored_events(
  tenant_id uuid, store_id uuid, after_sequence bigint, to_sequence bigint, max_events integer
)
returns ves_int.event_chunk
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select
    array_agg(e.sequence_number), array_agg(uuid_send(e.event_id)), array_agg(uuid_send(e.source_agent_id)),
    array_agg(e.ves_version), array_agg(e.agent_key_id::bigint & 4294967295), array_agg(e.entity_type),
    array_agg(e.entity_id), array_agg(e.event_type), array_agg(e.created_at_str), array_agg(e.payload_kind),
    array_agg(convert_to(coalesce(e.payload::text, e.payload_encrypted::text), 'UTF8')),
    array_agg(e.payload_plain_hash), array_agg(e.payload_cipher_hash), array_agg(e.event_signing_hash),
    array_agg(e.agent_signature), array_agg(e.leaf_hash), array_agg(e.agent_signature_scheme),
    array_agg(e.agent_signature_bundle), array_agg(k.key_algorithm), array_agg(k.public_key),
    array_agg(k.public_key_bundle), array_agg(r.receipt_hash), array_agg(r.sequencer_signature),
    array_agg(s.public_key), array_agg(e.payload_at_rest), array_agg(e.payload_key_id),
    array_agg(case
      when e.shredded_at is null then null
      when m.sequence_number is not null then 'payload_shredded' else 'payload_missing'
    end),
    array_agg(s.signer_id is not null)
  from (
    select v.*
    from ves_store.ves_events as v
    where v.tenant_id = stored_events.tenant_id and v.store_id = stored_events.store_id
      and v.sequence_number > after_sequence and v.sequence_number <= to_sequence
    order by v.sequence_number
    limit max_events
  ) as e
  left join ves_store.agent_signing_keys as k
    on k.agent_id = e.source_agent_id and k.key_id = e.agent_key_id and k.tenant_id = e.tenant_id
  left join ves_store.ves_sequencer_receipts as r
    on r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
  left join ves_store.signers as s on s.signer_id = e.signer_id
  left join ves_store.shredded_payloads as m
    on e.shredded_at is not null and m.tenant_id = e.tenant_id and m.store_id = e.store_id and m.stream = 'ves'
    and m.sequence_number = e.sequence_number;
$$;

comment on function ves_int.stored_events(uuid, uuid, bigint, bigint, integer) is
'The next events of a stream, up to a number, as arrays, in order; nulls when there are no more.';
