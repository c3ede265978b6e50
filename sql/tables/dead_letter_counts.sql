create table ves_store.dead_letter_counts (
  tenant_id uuid not null,
  store_id uuid not null,
  legacy boolean not null,
  consumer text not null,
  count_id bigint generated always as identity,
  changes bigint not null default 0,
  letters bigint not null,
  constraint dead_letter_counts_pkey primary key (tenant_id, store_id, consumer, legacy, count_id, changes)
) with (autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.dead_letter_counts is
'Open dead letters of a consumer in a stream: the sum of its rows, of which there are as many as transactions changed it at once. Kept by triggers of dead_letter_events (ves_int.count_open_letters), so that limit open_dead_letters costs the same at any number.';
comment on column ves_store.dead_letter_counts.tenant_id is 'Tenant.';
comment on column ves_store.dead_letter_counts.store_id is 'Store.';
comment on column ves_store.dead_letter_counts.legacy is 'Whether the stream is the legacy one.';
comment on column ves_store.dead_letter_counts.consumer is 'Consumer of dead_letter_events.';
comment on column ves_store.dead_letter_counts.count_id is 'Number of the row, over all tenants.';
comment on column ves_store.dead_letter_counts.changes is
'How often the row was changed. The key ends with it, so that the live version is the last one (as in cursors).';
comment on column ves_store.dead_letter_counts.letters is 'Letters added less letters settled.';
