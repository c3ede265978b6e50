create or replace trigger t10_advance_epoch
after update or delete on ves_store.api_keys
for each row execute function ves_int.tg_api_keys__advance_epoch();

comment on trigger t10_advance_epoch on ves_store.api_keys is 'Cached credentials of the tenant become stale at commit, in every process.';

create or replace trigger t80_require_room
after insert on ves_store.api_keys
for each row execute function ves_int.tg_rows__require_room('api_keys', 'api_keys_per_agent');

comment on trigger t80_require_room on ves_store.api_keys is
'A new row must be within the limits api_keys and api_keys_per_agent of ves_store.limits.';
