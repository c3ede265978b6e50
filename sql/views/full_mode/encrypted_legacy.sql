create or replace view ves_int.encrypted_legacy as
select
  e.tenant_id as key_1,
  e.store_id as key_2,
  e.sequence_number as key_3,
  e.tenant_id,
  e.store_id,
  ves_int.at_rest_payload_aad(
    e.tenant_id, e.store_id, e.event_id, e.sequence_number, e.entity_type, e.entity_id, e.event_type
  ) as aad,
  coalesce(e.payload_at_rest, convert_to(e.payload::text, 'UTF8')) as stored,
  e.payload_hash as hash,
  e.payload as plaintext,
  e.payload_at_rest as ciphertext,
  e.payload_key_id as key_id
from ves_store.events as e
where e.shredded_at is null;

alter view ves_int.encrypted_legacy owner to ves_owner;

comment on view ves_int.encrypted_legacy is 'Payloads of the legacy stream for ves_int.reencrypt; see encrypted_ves.';
