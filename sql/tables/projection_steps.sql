create table ves_store.projection_steps (
  event_type text not null,
  from_status text not null,
  to_status text not null,
  reads_payload boolean not null,
  constraint projection_steps_pkey primary key (event_type, from_status)
);

insert into ves_store.projection_steps (event_type, from_status, to_status, reads_payload) values
('order.created', '', 'pending', true),
('order.confirmed', 'pending', 'confirmed', false),
('order.processing', 'confirmed', 'processing', false),
('order.shipped', 'processing', 'shipped', false),
('order.delivered', 'shipped', 'delivered', false),
('order.cancelled', 'pending', 'cancelled', false),
('order.cancelled', 'confirmed', 'cancelled', false),
('order.cancelled', 'processing', 'cancelled', false),
('order.cancelled', 'shipped', 'cancelled', false),
('order.cancelled', 'cancelled', 'cancelled', false),
('order.cancelled', 'refunded', 'cancelled', false),
('inventory.initialized', '', 'exists', true),
('inventory.adjusted', 'exists', 'exists', true),
('inventory.reserved', 'exists', 'exists', true),
('inventory.released', 'exists', 'exists', true),
('inventory.fulfilled', 'exists', 'exists', true),
('product.created', '', 'exists', true),
('product.updated', 'exists', 'exists', true),
('product.deactivated', 'exists', 'exists', false),
('product.activated', 'exists', 'exists', false),
('customer.created', '', 'exists', true),
('customer.updated', 'exists', 'exists', true),
('customer.address_added', 'exists', 'exists', true),
('return.requested', '', 'requested', true),
('return.approved', 'requested', 'approved', false),
('return.received', 'approved', 'received', false),
('x402_payment.created', '', 'created', true),
('x402_payment.sequenced', 'created', 'sequenced', true),
('x402_payment.batched', 'sequenced', 'batched', true),
('x402_payment.expired', 'sequenced', 'expired', false),
('x402_payment.settled', 'batched', 'settled', true),
('x402_payment.failed', 'batched', 'failed', true),
('x402_batch.created', '', 'created', true),
('x402_batch.committed', 'created', 'committed', true),
('x402_batch.submitted', 'committed', 'submitted', true),
-- after all transactions of a batch were lost, which is no event
('x402_batch.submitted', 'submitted', 'submitted', true),
('x402_batch.settled', 'submitted', 'settled', true),
('x402_batch.failed', 'submitted', 'failed', true);

-- refunded and completed may follow any status
insert into ves_store.projection_steps (event_type, from_status, to_status, reads_payload)
select e.event_type, s.status, e.to_status, e.reads_payload
from (values ('return.refunded', 'refunded', true), ('return.completed', 'completed', false))
  as e (event_type, to_status, reads_payload)
cross join unnest(
  array['requested', 'approved', 'rejected', 'received', 'inspecting', 'refunded', 'completed']
) as s (status);

comment on table ves_store.projection_steps is
'Every step of every projection (operations 5.2, x402 A8). An event whose type is not here is skipped; one that has no step from the entity''s status is rejected.';
comment on column ves_store.projection_steps.event_type is 'Type of the event; what stands before its dot is the projector.';
comment on column ves_store.projection_steps.from_status is
'Status of the entity before the event. Empty: it does not exist; exists: it does, and entities of this kind have no status.';
comment on column ves_store.projection_steps.to_status is 'Status after the event.';
comment on column ves_store.projection_steps.reads_payload is
'Whether the event says something in its payload: then one whose payload cannot be read is rejected.';
