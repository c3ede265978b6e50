create table ves_store.projection_checkpoints (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  projector text not null,
  generation integer not null default 1,
  is_live boolean not null default true,
  last_projected_sequence bigint not null default 0,
  updated_at timestamptz not null default clock_timestamp(),
  constraint projection_checkpoints_pkey primary key (tenant_id, store_id, stream, projector, generation),
  constraint projected_stream_is_known check (stream in ('ves', 'legacy')),
  constraint generation_is_positive check (generation > 0),
  constraint projected_number_is_not_negative check (last_projected_sequence >= 0)
) with (fillfactor = 50);

create unique index projection_checkpoints_live_idx
on ves_store.projection_checkpoints (tenant_id, store_id, stream, projector) where is_live;

comment on table ves_store.projection_checkpoints is
'How far each projector has come in each stream (operations 5.1). A rebuild is a second row that is not live until it has caught up (ves.rebuild_projection).';
comment on column ves_store.projection_checkpoints.tenant_id is 'Tenant.';
comment on column ves_store.projection_checkpoints.store_id is 'Store.';
comment on column ves_store.projection_checkpoints.stream is 'ves or legacy: each has numbers of its own, and projections of its own.';
comment on column ves_store.projection_checkpoints.projector is 'Name in projectors.';
comment on column ves_store.projection_checkpoints.generation is 'Which build of the projection: key of its rows in projections.';
comment on column ves_store.projection_checkpoints.is_live is 'Whether readers see this build.';
comment on column ves_store.projection_checkpoints.last_projected_sequence is 'The rows reflect the events 1 .. this number.';
comment on column ves_store.projection_checkpoints.updated_at is 'Last change.';
