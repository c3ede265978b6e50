create table ves_store.dead_letter_counts (
  tenant_id uuid not null,
  store_id uuid not null,
  legacy boolean not null,
  consumer text not null,
  count_id bigint generated always as identity,
  letters bigint not null,
  counted_in xid8 not null default pg_current_xact_id(),
  open_letters bigint,
  constraint dead_letter_counts_pkey primary key (tenant_id, store_id, consumer, legacy, count_id)
) with (fillfactor = 50);

comment on table ves_store.dead_letter_counts is
'Open dead letters of a consumer in a stream: the sum of its rows. A settlement inserts a row of -1 and so waits for nobody; the next transaction that adds letters replaces the rows by their sum. Kept by triggers of dead_letter_events, so that limit open_dead_letters costs the same at any number.';
comment on column ves_store.dead_letter_counts.tenant_id is 'Tenant.';
comment on column ves_store.dead_letter_counts.store_id is 'Store.';
comment on column ves_store.dead_letter_counts.legacy is 'Whether the stream is the legacy one.';
comment on column ves_store.dead_letter_counts.consumer is 'Consumer of dead_letter_events.';
comment on column ves_store.dead_letter_counts.count_id is 'Number of the row, over all tenants.';
comment on column ves_store.dead_letter_counts.letters is 'Letters added less letters settled.';
comment on column ves_store.dead_letter_counts.counted_in is 'Transaction that made the row.';
comment on column ves_store.dead_letter_counts.open_letters is
'Sum of all rows when this one was added, for further additions of the same transaction; null: of a settlement.';
