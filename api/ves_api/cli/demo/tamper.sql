-- What a hostile superuser would type, in a scratch database that exists for nothing else.

-- name: take_turn
-- Two demos on one server play this scene one after the other; the end of the session lets the next one in.
select pg_advisory_lock(hashtext('ves_demo_tamper'));

-- name: drop_scratch
-- Forget the scratch database.
drop database if exists ves_demo_tamper with (force);

-- name: create_scratch
-- A database of its own: the demo never touches the user's.
create database ves_demo_tamper;

-- name: silence_triggers
-- Only a superuser may: append-only triggers no longer fire in this session.
set session_replication_role = replica;

-- name: change_one_order
-- One order gets another total. What was encrypted at rest he cannot read, but he can put plaintext in its place.
update ves_store.ves_events
set
  payload = '{"orderId":"order-000001","customerId":"cust-0001","items":2,"totalCents":92933,"currency":"USD"}',
  payload_at_rest = null,
  payload_key_id = null
where entity_id = 'order-000001' and event_type = 'order.created';
