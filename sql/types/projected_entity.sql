create type ves_int.projected_entity as (
  projector text,
  generation integer,
  entity_id text,
  place tid,
  version_before bigint,
  version bigint,
  position bigint,
  created_at timestamptz,
  updated_at timestamptz,
  state jsonb
);

comment on type ves_int.projected_entity is
'An entity of a projection while a batch is applied to it: place and version_before of its stored row, both null for a new entity, and what the row becomes.';
