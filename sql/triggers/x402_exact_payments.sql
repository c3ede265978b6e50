create or replace trigger t40_refuse_change
before update on ves_store.x402_exact_payments
for each row execute function ves_int.tg_exact_payments__refuse_change();

comment on trigger t40_refuse_change on ves_store.x402_exact_payments is 'What the payer signed never changes.';

create or replace trigger t50_plan_recheck
before update of status on ves_store.x402_exact_payments
for each row when (new.status <> old.status) execute function ves_int.tg_exact_payments__plan_recheck();

comment on trigger t50_plan_recheck on ves_store.x402_exact_payments is
'A failure of what was sent is looked at again; a late use settles it.';
