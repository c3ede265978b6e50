create or replace trigger t10_refuse_change
before update or delete on ves_store.ves_rejections
for each row execute function ves_int.tg_ves_rejections__refuse_change();

create or replace trigger t20_refuse_truncate
before truncate on ves_store.ves_rejections
for each statement execute function ves_int.tg_history__refuse_change();

comment on trigger t10_refuse_change on ves_store.ves_rejections is
'Append-only, but for what ves.apply_retention deletes.';
comment on trigger t20_refuse_truncate on ves_store.ves_rejections is 'Append-only.';
