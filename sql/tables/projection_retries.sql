create table ves_store.projection_retries (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  position bigint not null,
  attempt bigint generated always as identity,
  retried_at timestamptz not null default clock_timestamp(),
  constraint projection_retries_pkey primary key (tenant_id, store_id, stream, sequence_number),
  constraint retried_stream_is_known check (stream in ('ves', 'legacy')),
  constraint retry_comes_after_the_event check (position >= sequence_number)
);

create index projection_retries_position_idx
on ves_store.projection_retries (tenant_id, store_id, stream, position);

comment on table ves_store.projection_retries is
'Events that a projector rejected first and applied later (operations 7): a rebuild applies them where the retry did, not at their own number. Append-only.';
comment on column ves_store.projection_retries.tenant_id is 'Tenant.';
comment on column ves_store.projection_retries.store_id is 'Store.';
comment on column ves_store.projection_retries.stream is 'ves or legacy.';
comment on column ves_store.projection_retries.sequence_number is 'Number of the event.';
comment on column ves_store.projection_retries.position is 'The checkpoint at the retry: it was applied after the event with this number.';
comment on column ves_store.projection_retries.attempt is 'Order of the retries at one position.';
comment on column ves_store.projection_retries.retried_at is 'When.';
