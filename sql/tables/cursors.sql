-- One row for each row of cursor_keys, inserted together with it (ves_int.note_cursors, ves.open_cursor).
-- A cursor moves with every append. While a session holds an old snapshot, no version of it is removed: the
-- key ends with what grows, so that a new version meets no equal entry in the index, and the live one is the
-- last of its stream and consumer (ves_int.lock_cursor). Neither passes the dead ones.
create table ves_store.cursors (
  tenant_id uuid not null,
  store_id uuid not null,
  consumer text not null,
  done_to bigint not null default 0,
  head_sequence bigint not null,
  due_at timestamptz,
  claimed_until timestamptz,
  traceparent text,
  constraint cursors_pkey primary key (tenant_id, store_id, consumer, head_sequence, done_to),
  constraint done_to_is_not_beyond_the_head check (done_to between 0 and head_sequence),
  constraint due_exactly_when_behind check ((due_at is not null) = (done_to < head_sequence)),
  constraint due_not_before_the_claim_ends check (due_at >= claimed_until)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- The work list of a consumer: what is done is not in it, so looking for work costs what there is to do.
create index cursors_due_at_idx on ves_store.cursors (consumer, due_at) where due_at is not null;
-- That of all registered projectors (ves.claim_projector).
create index cursors_projector_due_at_idx on ves_store.cursors (due_at)
where due_at is not null and starts_with(consumer, 'projector/');

comment on table ves_store.cursors is
'How far each consumer of the log has processed each stream (receipts, key_usage, commit, and those opened by ves.open_cursor). Written only by workers'' functions; the heads come from the queue ves_commit.';
comment on column ves_store.cursors.tenant_id is 'Tenant.';
comment on column ves_store.cursors.store_id is 'Store.';
comment on column ves_store.cursors.consumer is 'Name of the consumer.';
comment on column ves_store.cursors.done_to is 'Numbers 1 .. done_to are processed.';
comment on column ves_store.cursors.head_sequence is 'Highest number that the consumer was told of.';
comment on column ves_store.cursors.traceparent is
'W3C trace context of a transaction that told of the head (ves.mark_trace), null: none did.';
comment on column ves_store.cursors.due_at is
'When the consumer should look at the stream, never before claimed_until; null when nothing waits.';
comment on column ves_store.cursors.claimed_until is
'End of the claim of one worker, or of the pause after a failure; null when there is none.';
