create table ves_store.key_usage_counters (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  key_type text not null default 'signing',
  usage_count bigint not null default 0,
  first_used_at timestamptz,
  last_used_at timestamptz,
  constraint key_usage_counters_pkey primary key (agent_id, key_id, tenant_id, key_type),
  constraint usage_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint usage_count_is_not_negative check (usage_count >= 0)
);

comment on table ves_store.key_usage_counters is 'How often a key was used. Signing is counted behind the stream from ves_events (the consumer key_usage of ves_store.cursors says how far), so it is exact a moment later and can be counted anew.';
comment on column ves_store.key_usage_counters.tenant_id is 'Tenant.';
comment on column ves_store.key_usage_counters.agent_id is 'Agent.';
comment on column ves_store.key_usage_counters.key_id is 'Key number, by bit pattern.';
comment on column ves_store.key_usage_counters.key_type is 'signing: events in the log. encryption: uses that callers told the engine.';
comment on column ves_store.key_usage_counters.usage_count is 'Uses counted so far.';
comment on column ves_store.key_usage_counters.first_used_at is 'First counted use.';
comment on column ves_store.key_usage_counters.last_used_at is 'Last counted use.';
