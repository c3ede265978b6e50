create or replace trigger t10_advance_epoch
after update or delete on ves_store.api_keys
for each row execute function ves_int.tg_api_keys__advance_epoch();

comment on trigger t10_advance_epoch on ves_store.api_keys is 'Cached credentials of the tenant become stale at commit, in every process.';
