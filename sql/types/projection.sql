create type ves.projection as (
  entity_type text,
  entity_id text,
  stream text,
  version bigint,
  sequence_number bigint,
  projected_to bigint,
  entity jsonb
);

comment on type ves.projection is
'Current state of an entity in one stream (ves or legacy; operations 5.2): entity has its members. sequence_number is the last event that is applied, projected_to how far the projection has come: it reflects every event of the entity up to there.';
