create type ves_int.inventory_change as (
  quantity_on_hand numeric,
  quantity_reserved numeric,
  quantity_available numeric,
  moved numeric,
  requested numeric,
  available_before numeric
);

comment on type ves_int.inventory_change is
'Figures of an inventory after an event, before they are known to be acceptable. moved: what the event adds to the stock, null when it touches none. requested: what it reserves, null when nothing; available_before: what there was to reserve.';
