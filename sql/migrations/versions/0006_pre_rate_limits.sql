-- Budgets of requests (operations 3). Frozen once released; sql/tables holds the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create unlogged table ves_store.rate_limits (
  bucket text not null,
  key text not null,
  window_seconds integer not null,
  last_slot bigint not null,
  counts integer[] not null,
  constraint rate_limits_pkey primary key (bucket, key, window_seconds),
  constraint bucket_is_known check (bucket in ('tenant', 'credential', 'registration')),
  constraint window_is_at_most_a_day check (window_seconds between 1 and 86400),
  constraint there_are_61_counts check (cardinality(counts) = 61)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

comment on table ves_store.rate_limits is
'Requests of the last window, counted in 61 slots of a 60th of the window each. Unlogged: nothing waits for the disk, and a crash of the server forgets the counts. Every column but counts and last_slot is the key, so updates stay in their page.';
comment on column ves_store.rate_limits.bucket is 'What is limited: tenant, credential, or registration (by address).';
comment on column ves_store.rate_limits.key is 'Which one: a tenant, the hash of a credential, an address.';
comment on column ves_store.rate_limits.window_seconds is 'Length of the window.';
comment on column ves_store.rate_limits.last_slot is 'Slot of the last request: the time since 1970 in 60ths of the window.';
comment on column ves_store.rate_limits.counts is 'Requests by slot, slot s at 1 + s modulo 61; only the slots last_slot - 60 to last_slot count.';
