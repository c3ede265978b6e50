create table ves_store.commitment_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint commitment_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint commitment_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.commitments (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

-- Uncompressed out of line: substring() then reads only the chunk that holds one node.
alter table ves_store.commitment_nodes alter column nodes set storage external;

comment on table ves_store.commitment_nodes is 'The tree of a legacy commitment, one row a level. Append-only.';
comment on column ves_store.commitment_nodes.tenant_id is 'Tenant.';
comment on column ves_store.commitment_nodes.batch_id is 'Commitment.';
comment on column ves_store.commitment_nodes.level is '0 = leaves.';
comment on column ves_store.commitment_nodes.nodes is 'Concatenated 32-byte nodes; an unpaired last one is repeated unchanged in the level above.';
