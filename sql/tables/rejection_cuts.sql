create table ves_store.rejection_cuts (
  tenant_id uuid not null,
  cut_to bigint not null,
  cut_at timestamptz not null,
  constraint rejection_cuts_pkey primary key (tenant_id)
);

comment on table ves_store.rejection_cuts is
'Rejections that may be deleted: those of a tenant up to a number. Written by ves.apply_retention only; rejections are append-only but for these.';
comment on column ves_store.rejection_cuts.tenant_id is 'Tenant.';
comment on column ves_store.rejection_cuts.cut_to is 'Highest rejection_id that may be deleted.';
comment on column ves_store.rejection_cuts.cut_at is 'When it was last raised.';
