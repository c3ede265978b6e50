create table ves_store.subscription_slots (
  tenant_id uuid not null,
  subscription_id bigint not null,
  slot smallint not null,
  member ves_int.printable_name,
  token bigint not null,
  constraint subscription_slots_pkey primary key (tenant_id, subscription_id, slot),
  constraint subscription_slots_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint slot_is_one_of_64 check (slot between 0 and 63)
) with (fillfactor = 50);

comment on table ves_store.subscription_slots is
'The 64 shares of a consumer group: a stream belongs to the slot of its hash (ves_int.slot_of), a slot to one member.';
comment on column ves_store.subscription_slots.tenant_id is 'Tenant.';
comment on column ves_store.subscription_slots.subscription_id is 'Group.';
comment on column ves_store.subscription_slots.slot is 'Slot, 0 to 63.';
comment on column ves_store.subscription_slots.member is 'Member that reads its streams; null: free.';
comment on column ves_store.subscription_slots.token is
'Fencing token: one more with each member that takes it, from 2^31 times the subscription''s number on. An acknowledgement with an older one is refused.';
