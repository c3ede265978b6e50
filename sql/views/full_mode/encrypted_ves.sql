create or replace view ves_int.encrypted_ves as
select
  e.tenant_id as key_1,
  e.store_id as key_2,
  e.sequence_number as key_3,
  e.tenant_id,
  e.store_id,
  ves_int.at_rest_ves_payload_aad(e.tenant_id, e.store_id, e.event_id, e.event_signing_hash) as aad,
  coalesce(e.payload_at_rest, convert_to(e.payload::text, 'UTF8')) as stored,
  e.payload_plain_hash as hash,
  e.payload as plaintext,
  e.payload_at_rest as ciphertext,
  e.payload_key_id as key_id
from ves_store.ves_events as e
where e.payload_kind = 0 and e.shredded_at is null;

alter view ves_int.encrypted_ves owner to ves_owner;

comment on view ves_int.encrypted_ves is
'Payloads of the VES stream for ves_int.reencrypt: key_1 to key_3 in the order of an index, what is stored (plaintext where key_id is null), the hash of its content, and the columns that a re-encryption writes.';
