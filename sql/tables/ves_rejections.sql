create table ves_store.ves_rejections (
  rejection_id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  event_id uuid not null,
  source_agent_id uuid not null,
  reason text not null,
  message text not null,
  rejected_at timestamptz not null,
  constraint ves_rejections_pkey primary key (tenant_id, rejection_id)
);

create index ves_rejections_rejected_at_idx on ves_store.ves_rejections (rejected_at);

comment on table ves_store.ves_rejections is 'Every event refused inside an answered request: who, which, why. Append-only; ves.apply_retention keeps the newest (ves.list_limits).';
comment on column ves_store.ves_rejections.rejection_id is 'Number of the row, over all tenants.';
comment on column ves_store.ves_rejections.tenant_id is 'Tenant.';
comment on column ves_store.ves_rejections.store_id is 'Store.';
comment on column ves_store.ves_rejections.event_id is 'Event id as sent.';
comment on column ves_store.ves_rejections.source_agent_id is 'Agent as sent.';
comment on column ves_store.ves_rejections.reason is 'Reason string of the answer (VES 14.3).';
comment on column ves_store.ves_rejections.message is 'Message of the answer.';
comment on column ves_store.ves_rejections.rejected_at is 'When.';
