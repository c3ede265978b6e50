create table ves_store.dead_letter_events (
  tenant_id uuid not null,
  dead_letter_id bigint generated always as identity,
  store_id uuid not null,
  legacy boolean not null,
  consumer text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  event_type text not null,
  entity_type text not null,
  entity_id text not null,
  reason text,
  error_message text,
  status text not null,
  holds_entity boolean not null,
  retry_count integer not null default 0,
  max_retries integer not null default 10,
  retry_token bigint not null default 0,
  message_id bigint,
  created_at timestamptz not null,
  last_retry_at timestamptz,
  next_retry_at timestamptz,
  settled_at timestamptz,
  constraint dead_letter_events_pkey primary key (tenant_id, dead_letter_id),
  -- The tenant is not the first: a plan made while the table is empty would look rows up by it alone.
  constraint dead_letter_events_store_id_tenant_id_consumer_legacy_sequence_ unique (
    store_id, tenant_id, consumer, legacy, sequence_number
  ),
  constraint dead_letter_consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64),
  constraint dead_letter_reason_is_known check (
    reason in (
      'schema_validation', 'invariant_violation', 'invalid_state_transition', 'version_conflict',
      'handler_error', 'unknown'
    )
  ),
  constraint dead_letter_status_is_known check (
    status in ('parked', 'pending', 'retrying', 'failed', 'resolved', 'discarded')
  ),
  constraint failed_dead_letter_says_why check (status <> 'failed' or reason is not null),
  constraint retries_stay_within_their_maximum check (retry_count between 0 and max_retries),
  constraint retry_is_due_exactly_when_scheduled check (
    (status in ('pending', 'retrying')) = (next_retry_at is not null)
  ),
  constraint settled_exactly_when_nothing_waits check (
    (status in ('resolved', 'discarded')) = (settled_at is not null)
  )
);

-- The event of an entity that later ones wait for: one at a time.
create unique index dead_letter_events_holder_idx
on ves_store.dead_letter_events (tenant_id, store_id, consumer, legacy, entity_id, entity_type)
where holds_entity and status in ('pending', 'retrying', 'failed');
create index dead_letter_events_parked_idx
on ves_store.dead_letter_events (
  tenant_id, store_id, consumer, legacy, entity_id, entity_type, sequence_number
)
where status = 'parked';
create index dead_letter_events_open_idx
on ves_store.dead_letter_events (tenant_id, store_id, consumer, legacy)
where status in ('parked', 'pending', 'retrying', 'failed');
create index dead_letter_events_settled_at_idx
on ves_store.dead_letter_events (tenant_id, settled_at) where settled_at is not null;
create index dead_letter_events_retention_idx
on ves_store.dead_letter_events (settled_at) where settled_at is not null;

comment on table ves_store.dead_letter_events is
'Events that a consumer could not handle, and later events of the same entity that wait for them (operations 7). One row for each event and consumer; the payload stays in the log. Changed by ves_int.dead_letter, park_event and settle_dead_letter, and by the operator''s functions.';
comment on column ves_store.dead_letter_events.tenant_id is 'Tenant.';
comment on column ves_store.dead_letter_events.dead_letter_id is 'Number of the row, over all tenants.';
comment on column ves_store.dead_letter_events.store_id is 'Store.';
comment on column ves_store.dead_letter_events.legacy is 'Whether the event is of the legacy stream.';
comment on column ves_store.dead_letter_events.consumer is 'Name of the consumer that could not handle it, 1 to 64 bytes.';
comment on column ves_store.dead_letter_events.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.dead_letter_events.event_id is 'Event.';
comment on column ves_store.dead_letter_events.event_type is 'Type of the event.';
comment on column ves_store.dead_letter_events.entity_type is 'Type of the entity.';
comment on column ves_store.dead_letter_events.entity_id is 'Entity.';
comment on column ves_store.dead_letter_events.reason is
'Why it failed last (operations 7); null: it was parked and has not failed itself.';
comment on column ves_store.dead_letter_events.error_message is 'What the consumer said of the last failure, at most 1,024 characters.';
comment on column ves_store.dead_letter_events.status is
'parked: waits for an earlier event of its entity; pending: waits for its retry; retrying: claimed; failed: only an operator retries it; resolved: handled; discarded: an operator gave it up.';
comment on column ves_store.dead_letter_events.holds_entity is
'Whether later events of the entity wait until this one is resolved or discarded. False: the consumer refused the event and went on.';
comment on column ves_store.dead_letter_events.retry_count is 'Failed attempts after the first.';
comment on column ves_store.dead_letter_events.max_retries is 'Retries after which it is failed.';
comment on column ves_store.dead_letter_events.retry_token is 'Fencing token: one more with each claim. A settlement with an older one is refused.';
comment on column ves_store.dead_letter_events.message_id is
'Message of queue ves_dead_letters that makes the retry due; any other message of this row is stale.';
comment on column ves_store.dead_letter_events.created_at is 'When it failed first or was parked.';
comment on column ves_store.dead_letter_events.last_retry_at is 'When it was claimed last.';
comment on column ves_store.dead_letter_events.next_retry_at is 'When it is due, or when its claim ends.';
comment on column ves_store.dead_letter_events.settled_at is 'When it was resolved or discarded.';

insert into ves_store.transitions (machine, from_state, to_state) values
('dead_letter_events.status', '', 'parked'),
('dead_letter_events.status', '', 'failed'),
('dead_letter_events.status', 'parked', 'pending'),
('dead_letter_events.status', 'pending', 'retrying'),
('dead_letter_events.status', 'retrying', 'resolved'),
('dead_letter_events.status', 'retrying', 'pending'),
('dead_letter_events.status', 'retrying', 'failed'),
('dead_letter_events.status', 'failed', 'pending'),
('dead_letter_events.status', 'pending', 'discarded'),
('dead_letter_events.status', 'failed', 'discarded');
