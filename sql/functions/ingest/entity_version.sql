-- A window aggregate, so that the events of one entity see each other's bump without a loop or a statement
-- per event.
create or replace aggregate ves_int.entity_version (base_version bigint, stored bigint)(
  sfunc = ves_int.next_entity_version,
  stype = bigint,
  parallel = safe
);

comment on aggregate ves_int.entity_version (bigint, bigint) is
'Version of an entity after each event of a batch, in input order, starting from the stored version (VES 15).';
