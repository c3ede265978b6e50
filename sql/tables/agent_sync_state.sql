create table ves_store.agent_sync_state (
  tenant_id uuid not null,
  store_id uuid not null,
  agent_id uuid not null,
  last_pulled_sequence bigint not null,
  last_sync_at timestamptz not null,
  constraint agent_sync_state_pkey primary key (tenant_id, agent_id, store_id),
  constraint last_pulled_sequence_is_not_negative check (last_pulled_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.agent_sync_state is
'How far an agent says that it has processed a VES stream (ves.acknowledge_events): where its next SyncStream begins (grpc-api 3.4). No decision of the engine depends on it.';
comment on column ves_store.agent_sync_state.tenant_id is 'Tenant.';
comment on column ves_store.agent_sync_state.store_id is 'Store.';
comment on column ves_store.agent_sync_state.agent_id is 'Agent.';
comment on column ves_store.agent_sync_state.last_pulled_sequence is 'Everything up to this number is processed; never falls.';
comment on column ves_store.agent_sync_state.last_sync_at is 'Last acknowledgement.';
