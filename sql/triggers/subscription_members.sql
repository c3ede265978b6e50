-- Runs after the insert: the renewal of a lease is not judged.
create or replace trigger t80_require_room
after insert on ves_store.subscription_members
for each row execute function ves_int.tg_subscription_members__require_room();
comment on trigger t80_require_room on ves_store.subscription_members is
'A new member must be within subscription_members of ves_store.limits.';
