create table ves_store.limits (
  name text not null,
  max_rows bigint,
  max_age interval,
  constraint limits_pkey primary key (name),
  constraint max_rows_is_not_negative check (max_rows >= 0),
  constraint max_age_is_positive check (max_age > interval '0'),
  constraint limit_bounds_something check (num_nonnulls(max_rows, max_age) > 0)
);

insert into ves_store.limits (name, max_rows, max_age) values
('streams', 100000, null),
('legacy_streams', 100000, null),
('api_keys', 100000, null),
('api_keys_per_agent', 1000, null),
('agent_keys', 1000000, null),
('agent_keys_per_agent', 1000, null),
('payer_addresses', 1000000, null),
('payer_addresses_per_agent', 1000, null),
('schemas', 10000, null),
('encryption_groups', 10000, null),
('group_members', 1000000, null),
('compliance_proofs', 1000000, null),
('validity_proofs', 1000000, null),
('subscriptions', 100, null),
('subscription_members', 256, null),
('open_dead_letters', 10000, null),
('rejections', 10000, interval '30 days'),
('rejected_events', 10000, interval '30 days'),
('revoked_api_keys', null, interval '90 days'),
('settled_dead_letters', null, interval '30 days');

comment on table ves_store.limits is
'Bounds of what callers make grow, for each tenant (or agent). One row for each kind of row; changed by ves.set_limit, which is audited.';
comment on column ves_store.limits.name is
'What is bounded. rejections, rejected_events, revoked_api_keys and settled_dead_letters are retained by ves.apply_retention, one row more of any other is refused with VE912.';
comment on column ves_store.limits.max_rows is
'Rows that a tenant may have (names that end in _per_agent: an agent of a tenant; open_dead_letters: a consumer in a stream; subscription_members: a consumer group); of rejections, the newest that are kept. Null: no bound.';
comment on column ves_store.limits.max_age is 'Age at which rows are deleted; null: never.';
