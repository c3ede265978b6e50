create or replace function ves.verify_payment_receipt(receipt jsonb)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_intent_id constant bytea := ves_int.read_hex(replace(receipt ->> 'intent_id', '-', ''), 16);
  v_signing_hash constant bytea := ves_int.read_hex(receipt ->> 'signing_hash', 32);
  v_amount constant bigint := ves_int.read_unsigned(receipt ->> 'amount');
  v_chain_id constant bigint := ves_int.read_unsigned(receipt ->> 'chain_id');
  v_nonce constant bigint := ves_int.read_unsigned(receipt ->> 'nonce');
  v_valid_until constant bigint := ves_int.read_unsigned(receipt ->> 'valid_until');
  v_index bigint := ves_int.read_unsigned(receipt ->> 'leaf_index');
  v_count bigint := ves_int.read_unsigned(receipt ->> 'total_leaves');
  v_leaf bytea;
  v_path bytea[];
  v_directions boolean[] := array[]::boolean[];
begin
  if jsonb_typeof(receipt -> 'inclusion_proof') is distinct from 'array' or v_intent_id is null
    or coalesce(v_index not between 0 and v_count - 1 or v_count > 1000, true) then
    return false;
  end if;
  v_leaf := ves_int.payment_leaf(
    encode(v_intent_id, 'hex')::uuid, ves_int.read_unsigned(receipt ->> 'sequence_number'),
    receipt ->> 'payer_address', receipt ->> 'payee_address', v_amount, receipt ->> 'asset', receipt ->> 'network',
    v_chain_id, v_nonce, v_valid_until, v_signing_hash, ves_int.read_hex(receipt ->> 'payer_signature', 64));
  v_path := array(
    select ves_int.read_hex(p.node, 32)
    from jsonb_array_elements_text(receipt -> 'inclusion_proof') with ordinality as p (node, ord)
    order by p.ord
  );
  while v_count > 1 loop
    if v_index # 1 < v_count then
      v_directions := v_directions || (v_index & 1 = 0);
    end if;
    v_index := v_index >> 1;
    v_count := v_count / 2 + v_count % 2;
  end loop;
  return coalesce(
    v_signing_hash = ves_int.payment_signing_hash(
      receipt ->> 'payer_address', receipt ->> 'payee_address', v_amount, receipt ->> 'asset',
      receipt ->> 'network', v_chain_id, v_valid_until, v_nonce)
    and cardinality(v_path) = cardinality(v_directions) and array_position(v_path, null) is null
    and ves_int.legacy_fold(v_leaf, v_directions, v_path) = ves_int.read_hex(receipt ->> 'merkle_root', 32), false);
end
$$;

comment on function ves.verify_payment_receipt(jsonb) is
'Whether the signing hash of a receipt, the JSON object of the REST route, is that of its fields (x402 A4) and its proof, with nothing missing or left over, leads from their leaf to its root (x402 A9). Pure; false for a malformed receipt. The signature is not verified here.';
