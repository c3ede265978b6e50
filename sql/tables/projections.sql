create table ves_store.projections (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  projector text not null,
  generation integer not null,
  entity_id text not null,
  version bigint not null,
  sequence_number bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  state jsonb not null,
  constraint projections_pkey primary key (tenant_id, store_id, stream, projector, generation, entity_id),
  constraint version_counts_from_one check (version > 0),
  constraint reflects_an_event check (sequence_number > 0),
  constraint status_of_an_order_is_known check (
    projector <> 'order' or state ->> 'status' = any(
      array['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled', 'refunded']
    )
  ),
  constraint status_of_a_return_is_known check (
    projector <> 'return' or state ->> 'status' = any(
      array['requested', 'approved', 'rejected', 'received', 'inspecting', 'refunded', 'completed']
    )
  ),
  constraint available_is_on_hand_less_reserved check (
    projector <> 'inventory'
    or (state -> 'quantity_available')::bigint
    = (state -> 'quantity_on_hand')::bigint - (state -> 'quantity_reserved')::bigint
  ),
  constraint reserved_is_not_negative check (
    projector <> 'inventory' or (state -> 'quantity_reserved')::bigint >= 0
  )
) with (fillfactor = 70);

comment on table ves_store.projections is
'Current state of entities (operations 5.2), written only by projectors. Disposable: it follows from the log (ves.rebuild_projection).';
comment on column ves_store.projections.tenant_id is 'Tenant.';
comment on column ves_store.projections.store_id is 'Store.';
comment on column ves_store.projections.stream is 'ves or legacy.';
comment on column ves_store.projections.projector is 'Entity type.';
comment on column ves_store.projections.generation is 'Build to which the row belongs (projection_checkpoints).';
comment on column ves_store.projections.entity_id is 'Entity.';
comment on column ves_store.projections.version is
'Applied events. Apart from entity_versions, which counts accepted ones (operations 5.3).';
comment on column ves_store.projections.sequence_number is 'The last event that is applied.';
comment on column ves_store.projections.created_at is 'created_at of the event that made the entity.';
comment on column ves_store.projections.updated_at is 'created_at of the last event that is applied.';
comment on column ves_store.projections.state is 'Members of operations 5.2 but id, version and times; at most 1 MiB as text.';
