create or replace function ves_int.stored_events(
  tenant_id uuid, store_id uuid, after_sequence bigint, max_events integer
)
returns table (
  ids bytea, sequence_numbers bigint[], ves_versions integer[], agent_key_ids integer[], entity_types text[],
  entity_ids text[], event_types text[], created_at_texts text[], payload_kinds smallint[], payloads bytea[],
  digests bytea, leaf_hashes bytea, signature_schemes smallint[], signature_bundles bytea[],
  key_algorithms smallint[], key_public_keys bytea[], key_bundles bytea[], receipt_hashes bytea[],
  receipt_signatures bytea[], receipt_public_keys bytea[], payloads_at_rest bytea[], payload_key_ids bytea[],
  payload_states integer[], signer_is_known boolean[]
)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select
    string_agg(uuid_send(e.event_id) || uuid_send(e.source_agent_id), ''::bytea), array_agg(e.sequence_number),
    array_agg(e.ves_version), array_agg(e.agent_key_id), array_agg(e.entity_type), array_agg(e.entity_id), array_agg(e.event_type),
    array_agg(e.created_at_str), array_agg(e.payload_kind),
    array_agg(convert_to(coalesce(e.payload::text, e.payload_encrypted::text), 'UTF8')),
    string_agg(
      e.payload_plain_hash || e.payload_cipher_hash || e.event_signing_hash || e.agent_signature, ''::bytea),
    string_agg(e.leaf_hash, ''::bytea), array_agg(e.agent_signature_scheme), array_agg(e.agent_signature_bundle),
    array_agg(k.key_algorithm), array_agg(k.public_key), array_agg(k.public_key_bundle),
    array_agg(r.receipt_hash), array_agg(r.sequencer_signature), array_agg(s.public_key),
    array_agg(e.payload_at_rest), array_agg(e.payload_key_id),
    -- PAYLOAD_SHREDDED and PAYLOAD_MISSING of ves.audit
    array_agg(case when e.shredded_at is null then 0 when m.sequence_number is not null then 512 else 1024 end),
    array_agg(s.signer_id is not null)
  from (
    select v.*
    from ves_store.ves_events as v
    where v.tenant_id = stored_events.tenant_id and v.store_id = stored_events.store_id
      and v.sequence_number > after_sequence
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

comment on function ves_int.stored_events(uuid, uuid, bigint, integer) is
'One chunk of a stream as the arrays of ves_int.verify_events_batch, in order; nulls when there are no more.';
