-- The invariants of operations 5.2 under their names: a projector makes one value for each event. PostgreSQL
-- checks them in the order of their names, so each leaves alone what another one has to name.
create domain ves_int.checked_inventory as ves_int.inventory_change
constraint "quantity_on_hand arithmetic within i64 range"
check ((value).quantity_on_hand between -9223372036854775808 and 9223372036854775807)
constraint "quantity_reserved arithmetic within i64 range"
check (
  coalesce((value).requested > (value).available_before, false)
  or (value).quantity_reserved between -9223372036854775808 and 9223372036854775807
)
constraint "quantity_available arithmetic within i64 range"
check (
  coalesce((value).requested > (value).available_before, false)
  or (value).quantity_on_hand not between -9223372036854775808 and 9223372036854775807
  or (value).quantity_available between -9223372036854775808 and 9223372036854775807
)
constraint "quantity_on_hand >= 0"
check (
  (value).moved is null or (value).quantity_on_hand >= 0 or (value).quantity_on_hand < -9223372036854775808
)
constraint "reserved <= available"
check ((value).requested <= (value).available_before);

comment on domain ves_int.checked_inventory is
'An inventory_change that holds every invariant of operations 5.2. Whoever violates one gets 23514 with the invariant''s name.';
