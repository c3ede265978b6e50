create or replace view ves.shredded_payloads as
select
  s.tenant_id, s.store_id, s.stream, s.sequence_number, s.event_id, s.reason, s.shredded_by, s.shredded_at
from ves_store.shredded_payloads as s;

comment on view ves.shredded_payloads is 'Payloads that were destroyed on purpose (ves.shred_payload): of which event, by whom, when and why.';
