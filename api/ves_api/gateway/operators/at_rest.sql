-- Encryption at rest, as the operator keeps it. Sent as role ves_admin.

-- name: reencrypt_events
-- Re-encrypt one batch of payloads of both streams.
select
  step.scanned,
  step.updated,
  step.skipped_current_key,
  step.next_cursor
from ves.reencrypt_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  batch_size => %(batch_size)s,
  cursor => %(cursor)s::jsonb,
  dry_run => %(dry_run)s,
  force => %(force)s,
  context => %(context)s::jsonb
) as step;

-- name: reencrypt_ves_validity_proofs
-- Re-encrypt one batch of validity proofs.
select
  step.scanned,
  step.updated,
  step.skipped_current_key,
  step.next_cursor
from ves.reencrypt_ves_validity_proofs(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  batch_size => %(batch_size)s,
  cursor => %(cursor)s::jsonb,
  dry_run => %(dry_run)s,
  force => %(force)s,
  context => %(context)s::jsonb
) as step;

-- name: reencrypt_ves_compliance_proofs
-- Re-encrypt one batch of compliance proofs.
select
  step.scanned,
  step.updated,
  step.skipped_current_key,
  step.next_cursor
from ves.reencrypt_ves_compliance_proofs(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  batch_size => %(batch_size)s,
  cursor => %(cursor)s::jsonb,
  dry_run => %(dry_run)s,
  force => %(force)s,
  context => %(context)s::jsonb
) as step;

-- name: shred_payload
-- Destroy the payload of one event.
select ves.shred_payload(
  tenant_id => %(tenant_id)s, store_id => %(store_id)s, sequence_number => %(sequence_number)s,
  reason => %(reason)s, stream => %(stream)s, context => %(context)s::jsonb
) as shredded_at;
