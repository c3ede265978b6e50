create table ves_store.projectors (
  name text not null,
  state text not null,
  constraint projectors_pkey primary key (name),
  constraint projector_state_is_known check (state in ('active', 'reserved'))
);

insert into ves_store.projectors (name, state) values
('order', 'active'),
('inventory', 'active'),
('product', 'active'),
('customer', 'active'),
('return', 'active'),
('x402_payment', 'active'),
('x402_batch', 'active');

comment on table ves_store.projectors is
'The projectors of the engine (operations 5.2, x402 A8), one for each entity type that it projects. Those of agents are in tenant_projectors.';
comment on column ves_store.projectors.name is 'Entity type.';
comment on column ves_store.projectors.state is
'active: every stream has a checkpoint of it; reserved: the entity type has event types but no projector yet.';
