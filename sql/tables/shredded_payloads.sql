create table ves_store.shredded_payloads (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  reason text not null,
  shredded_by text not null,
  shredded_at timestamptz not null,
  constraint shredded_payloads_pkey primary key (tenant_id, store_id, stream, sequence_number),
  constraint stream_is_ves_or_legacy check (stream in ('ves', 'legacy')),
  constraint reason_has_1_to_1000_characters check (char_length(reason) between 1 and 1000)
);

comment on table ves_store.shredded_payloads is
'Payloads that were destroyed on purpose: one row an event, append-only. Hashes, leaf, receipt and proofs of the event stay.';
comment on column ves_store.shredded_payloads.tenant_id is 'Tenant.';
comment on column ves_store.shredded_payloads.store_id is 'Store.';
comment on column ves_store.shredded_payloads.stream is 'ves or legacy: the two streams of a store are numbered apart.';
comment on column ves_store.shredded_payloads.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.shredded_payloads.event_id is 'The event.';
comment on column ves_store.shredded_payloads.reason is 'Why, in the words of who did it.';
comment on column ves_store.shredded_payloads.shredded_by is 'Who: the actor of the context, else the database role.';
comment on column ves_store.shredded_payloads.shredded_at is 'When; the same instant as in the event.';
