-- The legacy door for services beside the database: one call of PL/Python decodes, hashes and encrypts before
-- any lock, and only a changed schema or a wrong guess of the numbers repeats it; then the same core as the
-- API's is called.
create or replace function ves.ingest_legacy_request(request text)
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
  v_numbers bigint[];
  v_detail text;
  v_result ves.ingest_result;
begin
  perform ves_int.require_request(request, 10485760);
  perform ves_int.require_crypto();
  for v_attempt in 1 .. 100 loop
    if not v_is_prepared then
      select * into v_batch from ves_int.prepare_legacy_events(request, 1000, 1048576, v_numbers);
      v_is_prepared := true;
    end if;
    exit when cardinality(v_batch.event_ids) = 0;
    begin
      v_result := ves.ingest_legacy_events(
        v_batch.tenant_id, v_batch.store_id, null, v_batch.source_agent, v_batch.event_ids, v_batch.command_ids,
        v_batch.entity_types, v_batch.entity_ids, v_batch.event_types, v_batch.created_at_micros, v_batch.payloads,
        v_batch.payload_hashes, v_batch.base_versions, v_batch.envelope_versions, v_batch.signatures,
        v_batch.refusals, v_batch.refusal_messages, v_batch.schema_epoch, v_batch.payloads_at_rest,
        v_batch.payload_key_ids, v_batch.sealed_for);
      exit;
    exception
      -- another store of the tenant stored one of these ids at this moment, as in ves.ingest_signed_request
      when unique_violation or deadlock_detected or sqlstate 'VE634' then
        if v_attempt >= 3 then
          raise;
        end if;
        if sqlstate = 'VE634' then
          v_is_prepared := false;
          v_numbers := null;
        end if;
      when sqlstate 'VE403' then
        get stacked diagnostics v_detail = pg_exception_detail;
        if v_attempt = 100 then
          raise;
        end if;
        v_is_prepared := false;
        select array_agg(n.number::text::bigint order by n.ord) into v_numbers
        from json_array_elements_text(v_detail::json -> 'sequence_numbers') with ordinality as n (number, ord);
    end;
  end loop;
  return ves_int.legacy_ingest_answer(v_batch.event_ids, v_result);
end
$$;

comment on function ves.ingest_legacy_request(text) is
'Ingests a legacy batch, the JSON text of POST /api/v1/events/ingest as received, and answers the same JSON (VES 17.2); payload hashes are computed here, payloads checked against the tenant''s active schemas (mode: ves.set_schema_validation_mode). Payloads are encrypted at rest as the key ring of the server says. Errors: VE204 in core mode, VE510 no usable key ring, VE511 encryption required without a key, VE001-VE012 for a refused request, those of ves.ingest_legacy_events.';
