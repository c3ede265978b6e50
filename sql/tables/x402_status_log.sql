create table ves_store.x402_status_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  subject text not null,
  subject_id uuid not null,
  from_status text not null,
  to_status text not null,
  reason text,
  logged_at timestamptz not null default clock_timestamp(),
  constraint x402_status_log_pkey primary key (subject_id, entry_id, tenant_id),
  constraint subject_is_intent_or_batch check (subject in ('intent', 'batch'))
);

comment on table ves_store.x402_status_log is 'Every change of state of payment intents and batches, written by a trigger (x402 A11). Append-only.';
comment on column ves_store.x402_status_log.entry_id is 'Order of the entries of one subject.';
comment on column ves_store.x402_status_log.tenant_id is 'Tenant.';
comment on column ves_store.x402_status_log.store_id is 'Store.';
comment on column ves_store.x402_status_log.subject is 'What changed.';
comment on column ves_store.x402_status_log.subject_id is 'Its id.';
comment on column ves_store.x402_status_log.from_status is 'State before; empty: it is new.';
comment on column ves_store.x402_status_log.to_status is 'State after.';
comment on column ves_store.x402_status_log.reason is 'Why a payment failed, or the transaction that was recorded.';
comment on column ves_store.x402_status_log.logged_at is 'When.';
