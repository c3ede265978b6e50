create table ves_store.rejected_events_log (
  id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  entity_type text not null,
  entity_id text not null,
  reason text not null,
  message text not null,
  expected_version bigint,
  actual_version bigint,
  rejected_at timestamptz not null default clock_timestamp(),
  constraint rejected_events_log_pkey primary key (tenant_id, id),
  constraint reason_has_1_to_64_bytes check (octet_length(reason) between 1 and 64),
  constraint rejected_stream_is_known check (stream in ('ves', 'legacy'))
);

create index rejected_events_log_rejected_at_idx on ves_store.rejected_events_log (rejected_at);

comment on table ves_store.rejected_events_log is
'Events that a projector rejected (operations 5.1): they are numbered and stay in the log, no projection reflects them. ves.apply_retention keeps the newest (ves.list_limits).';
comment on column ves_store.rejected_events_log.id is 'Number of the row, over all tenants.';
comment on column ves_store.rejected_events_log.tenant_id is 'Tenant.';
comment on column ves_store.rejected_events_log.store_id is 'Store.';
comment on column ves_store.rejected_events_log.stream is 'ves or legacy.';
comment on column ves_store.rejected_events_log.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.rejected_events_log.event_id is 'The event.';
comment on column ves_store.rejected_events_log.entity_type is 'Its entity type.';
comment on column ves_store.rejected_events_log.entity_id is 'Its entity.';
comment on column ves_store.rejected_events_log.reason is
'VERSION_CONFLICT, INVARIANT_VIOLATION, INVALID_STATE_TRANSITION, PAYLOAD_INVALID, ENTITY_NOT_FOUND or HANDLER_ERROR.';
comment on column ves_store.rejected_events_log.message is
'The invariant''s name, the transition (Pending→Shipped), the member that is wrong, or the error.';
comment on column ves_store.rejected_events_log.expected_version is 'base_version of the event, of a VERSION_CONFLICT.';
comment on column ves_store.rejected_events_log.actual_version is 'Version of the projection, of a VERSION_CONFLICT.';
comment on column ves_store.rejected_events_log.rejected_at is 'When.';
