-- The door for services beside the database: one call of PL/Python decodes, hashes, verifies and checks
-- schemas before any lock, and only a changed schema repeats it; then the same core as the API's is called.
-- The answer has the wire form of the REST route (VES 14.3). A SQL function answers before its transaction
-- commits, so receipts are unsigned here; ves.get_receipts has the signed ones once the receipts worker has
-- signed them.
create or replace function ves.ingest_signed_request(request text)
returns jsonb
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_batch record;
  v_is_prepared boolean := false;
  v_signer_id constant integer := (select max(s.signer_id) from ves_store.signers as s);
  v_result ves.ingest_result;
begin
  perform ves_int.require_request(request, 10485760);
  perform ves_int.require_crypto();
  if v_signer_id is null then
    perform ves_int.raise_error('unknown_signer');
  end if;
  <<attempts>>
  for v_attempt in 1 .. 5 loop
    begin
      if not v_is_prepared then
        select * into v_batch from ves_int.prepare_signed_events(request, 1000, 1048576);
        v_is_prepared := true;
      end if;
      select * into v_result
      from ves.ingest_events(
        array[v_batch.tenant_id], array[v_batch.store_id], array[cardinality(v_batch.event_ids)], null,
        array[v_batch.schema_epoch], v_signer_id,
        v_batch.event_ids, v_batch.command_ids, v_batch.agent_ids, v_batch.agent_key_ids, v_batch.entity_types,
        v_batch.entity_ids, v_batch.event_types, v_batch.created_at_texts, v_batch.created_at_micros,
        v_batch.payload_kinds, v_batch.payloads, v_batch.base_versions, v_batch.signature_schemes,
        v_batch.signature_bundles, v_batch.digests, v_batch.refusals, v_batch.refusal_messages,
        v_batch.payloads_at_rest, v_batch.payload_key_ids);
      exit attempts;
    exception
      -- another store of the tenant stored one of these ids at this moment, or holds one and waits for another:
      -- the next look sees it
      -- VE634: a schema of the tenant changed since it was looked at
      when unique_violation or deadlock_detected or sqlstate 'VE634' then
        if v_attempt = 5 then
          raise;
        end if;
        v_is_prepared := sqlstate <> 'VE634';
    end;
  end loop attempts;
  return ves_int.ingest_answer(v_batch.tenant_id, v_batch.store_id, v_batch.event_ids, v_result);
end
$$;

comment on function ves.ingest_signed_request(text) is
'Ingests a signed batch, the JSON text of POST /api/v1/ves/events/ingest ({agentId, events}) as received, verifying every signature inside the database (VES 14) and checking payloads against the tenant''s active schemas (operations 6.3; mode: ves.set_schema_validation_mode). Answers the same JSON, with receipts that are not signed yet. Payloads are encrypted at rest as the key ring of the server says. Errors: VE204 in core mode, VE510 no usable key ring, VE511 encryption required without a key, VE205 no signer registered, VE001-VE012 for a refused request.';
