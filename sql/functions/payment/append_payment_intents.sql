-- Steps 6 and 8 to 11 of x402 A6, with the planner settings of ves.ingest_events for the same reason. Trusts
-- the caller for hashes and signatures (refusal). The lock is that of the stream's events, which are appended
-- in the same transaction.
-- Locks (sql/README.md): 2 to 3.
create or replace function ves.append_payment_intents(tenant_id uuid, store_id uuid, intents json)
returns setof ves.payment_outcome
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_given ves_int.payment_request[];
  v_now timestamptz;
  v_unix bigint;
  v_head bigint;
  v_ids uuid[];
  v_outcomes text[];
  v_contracts text[];
  v_accepted integer;
begin
  v_given := array(select g from json_populate_recordset(null::ves_int.payment_request, intents) as g);
  if cardinality(v_given) not between 1 and 1000 then
    perform ves_int.raise_error('array_shape');
  end if;

  -- 1. lock
  with locked as (
    select from ves_store.ves_sequence_counters as c
    where c.tenant_id = append_payment_intents.tenant_id and c.store_id = append_payment_intents.store_id
    for update
  )
  insert into ves_store.ves_sequence_counters as c (tenant_id, store_id)
  select append_payment_intents.tenant_id, append_payment_intents.store_id
  where not exists (select from locked)
  on conflict (tenant_id, store_id) do update set updated_at = excluded.updated_at;
  v_now := clock_timestamp();
  v_unix := floor(extract(epoch from v_now))::bigint;

  -- 2. judge
  select
    array_agg(coalesce(e.intent_id, gen_random_uuid()) order by g.ordinality),
    array_agg(j.contract order by g.ordinality),
    array_agg(case
      when e.intent_id is not null
        then case when e.fingerprint = g.fingerprint then 'replayed' else 'idempotency_conflict' end
      when g.auth_epoch <> coalesce((
        select c.epoch from ves_store.credential_epochs as c where c.tenant_id = append_payment_intents.tenant_id
      ), 0) or g.admin_epoch <> coalesce((
        select c.epoch from ves_store.credential_epochs as c
        where c.tenant_id = '00000000-0000-0000-0000-000000000000'
      ), 0) then 'stale_credentials'
      when g.valid_until < v_unix then 'payment_expired'
      when g.valid_until > v_unix + 86400 then 'payment_window_exceeded'
      when g.refusal is not null then g.refusal
      when k.key_id is null and g.payer_public_key is null then 'agent_key_not_found'
      when k.key_id is null and lower(regexp_replace(g.payer_address, '^0x', '')) <> encode(g.payer_public_key, 'hex')
        then 'payer_key_unbound'
      when exists (
        select from ves_store.x402_payment_intents as i
        where i.payer_key = g.payer_key and i.nonce = g.nonce
          and i.store_id is not distinct from append_payment_intents.store_id
          and i.tenant_id is not distinct from append_payment_intents.tenant_id
      ) or exists (
        select from ves_store.x402_settlement_nonces as n
        where n.payer_address = g.payer_key and n.nonce = g.nonce and n.settlement_contract = j.contract
          and n.chain_id = j.chain_id
      ) then 'nonce_used'
      else 'sequenced'
    end order by g.ordinality)
  into v_ids, v_contracts, v_outcomes
  from unnest(v_given) with ordinality as g
  left join lateral (
    select i.intent_id, i.fingerprint
    from ves_store.x402_payment_intents as i
    where i.idempotency_key = g.idempotency_key
      and i.store_id is not distinct from append_payment_intents.store_id
      and i.tenant_id is not distinct from append_payment_intents.tenant_id
    limit 1
  ) as e on true
  left join lateral (
    select a.key_id
    from ves_store.agent_signing_keys as a
    where a.agent_id = g.agent_id and a.tenant_id is not distinct from append_payment_intents.tenant_id
      and case
        when g.payer_public_key is null then a.key_id = g.agent_key_id else a.public_key = g.payer_public_key
      end
      and a.key_algorithm in (0, 1, 5)
      and ves_int.effective_key_status(a.status, a.revoked_at, a.valid_from, a.valid_to, a.expires_at, v_now)
        in ('active', 'in_grace')
    limit 1
  ) as k on true
  left join lateral (
    select w.chain_id, w.settlement_contract as contract
    from ves_store.x402_networks as w
    join ves_store.x402_tokens as t on t.network = w.network and t.asset = g.asset
    where w.network = g.network and w.settlement_contract is not null and g.asset <> 'eth'
      and t.token_address ~ '^0x[0-9a-fA-F]{40}$' and g.payee_address ~ '^(0x)?[0-9a-fA-F]{40}$'
      and g.payer_address ~ '^(0x)?[0-9a-fA-F]{40}$'
      and exists (
        select from ves_store.x402_payer_addresses as p
        where p.agent_id = g.agent_id and p.key_id = k.key_id and p.payer_address = g.payer_key
          and p.tenant_id = append_payment_intents.tenant_id
      )
  ) as j on true;
  if exists (
    select from ves_store.x402_spending_limits as l where l.tenant_id = append_payment_intents.tenant_id
  ) then
    for v_place in 1 .. cardinality(v_given) loop
      if v_outcomes[v_place] = 'sequenced' and not ves_int.take_spending(
        append_payment_intents.tenant_id, v_given[v_place].agent_id, v_given[v_place].asset,
        v_given[v_place].amount, v_now
      ) then
        v_outcomes[v_place] := 'spending_limit_exceeded';
      end if;
    end loop;
  end if;

  -- 3. number and store
  v_head := coalesce((
    select c.current_sequence from ves_store.x402_sequence_counters as c
    where c.tenant_id = append_payment_intents.tenant_id and c.store_id = append_payment_intents.store_id
  ), 0);
  v_accepted := cardinality(array_positions(v_outcomes, 'sequenced'));
  if v_head > 9223372036854775807 - v_accepted then
    perform ves_int.raise_error('sequence_exhausted');
  end if;
  if v_accepted > 0 then
    with numbered as (
      -- by subscript: a join of two functions' rows, whose settings leave it nothing but a nested loop, is quadratic
      select
        g.*, v_ids[g.ordinality::integer] as intent_id, v_contracts[g.ordinality::integer] as contract,
        v_head + row_number() over (order by g.ordinality) as number
      from unnest(v_given) with ordinality as g
      where v_outcomes[g.ordinality::integer] = 'sequenced'
    )
    insert into ves_store.x402_payment_intents (
      tenant_id, store_id, intent_id, sequence_number, status, source_agent_id, agent_key_id, payer_address,
      payer_key, payee_address, amount, asset, network, chain_id, token_address, valid_until, nonce,
      idempotency_key, fingerprint, resource_uri, description, order_id, merchant_id, signing_hash,
      payer_signature, payer_public_key, leaf_hash, settlement_contract, metadata, created_at, sequenced_at,
      updated_at
    )
    select
      append_payment_intents.tenant_id, append_payment_intents.store_id, n.intent_id, n.number, 'sequenced',
      n.agent_id, n.agent_key_id, n.payer_address, n.payer_key, n.payee_address, n.amount, n.asset, n.network,
      w.chain_id, t.token_address, n.valid_until, n.nonce, n.idempotency_key, n.fingerprint, n.resource_uri,
      n.description, n.order_id, n.merchant_id, n.signing_hash, n.payer_signature, n.payer_public_key,
      ves_int.payment_leaf(
        n.intent_id, n.number, n.payer_address, n.payee_address, n.amount, n.asset, n.network, w.chain_id,
        n.nonce, n.valid_until, n.signing_hash, n.payer_signature),
      n.contract, n.metadata::json, v_now, v_now, v_now
    from numbered as n
    join ves_store.x402_networks as w on w.network = n.network
    left join ves_store.x402_tokens as t on t.network = n.network and t.asset = n.asset;
    insert into ves_store.x402_settlement_nonces (
      chain_id, settlement_contract, payer_address, nonce, tenant_id, intent_id
    )
    select i.chain_id, i.settlement_contract, i.payer_key, i.nonce, i.tenant_id, i.intent_id
    from unnest(v_outcomes, v_ids, v_contracts) as o (outcome, intent_id, contract)
    join ves_store.x402_payment_intents as i
      on i.intent_id = o.intent_id and i.tenant_id is not distinct from append_payment_intents.tenant_id
    where o.outcome = 'sequenced' and o.contract is not null
    order by i.payer_key, i.nonce;
    insert into ves_store.x402_sequence_counters as c (tenant_id, store_id, current_sequence)
    values (append_payment_intents.tenant_id, append_payment_intents.store_id, v_head + v_accepted)
    on conflict (tenant_id, store_id) do update
    set current_sequence = excluded.current_sequence, updated_at = v_now;
    perform ves_int.append_payment_events(
      append_payment_intents.tenant_id, append_payment_intents.store_id,
      array(
        select o.intent_id from unnest(v_outcomes, v_ids) with ordinality as o (outcome, intent_id, ord)
        where o.outcome = 'sequenced' order by o.ord),
      '{created,sequenced}');
  end if;

  return query
  select o.outcome, i.intent_id, i.status, i.sequence_number, i.sequenced_at, i.batch_id
  from unnest(v_outcomes, v_ids) with ordinality as o (outcome, intent_id, ord)
  left join ves_store.x402_payment_intents as i
    on o.outcome in ('sequenced', 'replayed') and i.intent_id = o.intent_id
      and i.tenant_id is not distinct from append_payment_intents.tenant_id
  order by o.ord;
end
$$;

comment on function ves.append_payment_intents(uuid, uuid, json) is
'Submits 1 to 1,000 payment intents to one stream in one transaction (x402 A6): idempotency, window, key, nonce, spending limits, gap-free numbers, events; one outcome each, in order. The caller has verified hash and signature: intents is an array of ves_int.payment_request, each with the refusal that was found, which gives way to an idempotent repeat. auth_epoch and admin_epoch are those of the caller''s credential (null: not checked). Two of one call must not have an idempotency key or a payer and nonce in common (then 23505 and nothing is stored). Errors: VE401, VE502; 23505 when another transaction uses the same nonce at this moment (repeat the call).';
