create table ves_store.feed_ranges (
  tenant_id uuid not null,
  subscription_id bigint not null,
  feed_number bigint not null,
  store_id uuid not null,
  sequence_from bigint not null,
  sequence_to bigint not null,
  constraint feed_ranges_pkey primary key (tenant_id, subscription_id, feed_number),
  constraint feed_ranges_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint feed_range_is_not_empty check (0 < sequence_from and sequence_from <= sequence_to),
  constraint feed_number_is_positive check (feed_number > 0)
);

comment on table ves_store.feed_ranges is
'The feed of a tenant: ranges of its VES streams, numbered 1..n without a gap (ves.read_feed). Each event is in exactly one; those of a stream are in its order.';
comment on column ves_store.feed_ranges.tenant_id is 'Tenant.';
comment on column ves_store.feed_ranges.subscription_id is 'Subscription of kind feed.';
comment on column ves_store.feed_ranges.feed_number is 'Number in the feed, from 1.';
comment on column ves_store.feed_ranges.store_id is 'Store.';
comment on column ves_store.feed_ranges.sequence_from is 'First event of the range.';
comment on column ves_store.feed_ranges.sequence_to is 'Last event of the range.';
