"""Process-wide services, created when the application starts and shared by all requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves.ingest import Limits
from ves_api.anchors import Anchors
from ves_api.at_rest import AtRest
from ves_api.auth.authenticator import Authenticator
from ves_api.auth.limits import Limiter
from ves_api.auth.login_audit import LoginAuditBuffer
from ves_api.children.pool import LargeWork
from ves_api.database import Database
from ves_api.ingest.agent_keys import AgentKeys
from ves_api.ingest.coalescer import Coalescer
from ves_api.ingest.legacy import LegacyIngest
from ves_api.ingest.legacy_append import LegacyHeads
from ves_api.ingest.payments import PaymentIntents
from ves_api.ingest.receipts import ReceiptKeeper
from ves_api.ingest.schema_registry import SchemaRegistry
from ves_api.ingest.schemas import ActiveSchemas
from ves_api.ingest.service import Ingest
from ves_api.ingest.signing import ReceiptSigner
from ves_api.lanes import Lanes
from ves_api.pool_monitor import PoolMonitor
from ves_api.reads import Reads
from ves_api.slices import Slices
from ves_api.verifier.pool import Verifier
from ves_api.x402.chain import ChainReads
from ves_api.x402.facilitator import Facilitator

if TYPE_CHECKING:
    from ves_api.cache import CacheStatistics
    from ves_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Owned by the event loop of the process."""

    settings: Settings
    database: Database
    reads: Reads
    pool_monitor: PoolMonitor
    authenticator: Authenticator
    limiter: Limiter
    login_audit: LoginAuditBuffer
    schemas: SchemaRegistry
    large: LargeWork
    ingest: Ingest
    legacy_ingest: LegacyIngest
    payments: PaymentIntents
    facilitator: Facilitator
    anchors: Anchors
    verifier: Verifier
    at_rest: AtRest
    slices: Slices

    async def start(self) -> None:
        """Open the connections and start the background tasks."""
        await self.database.open()
        await self.reads.open()
        self.ingest.receipts.start()
        self.login_audit.start()
        self.pool_monitor.start()

    async def close(self) -> None:
        """Finish the accepted requests, then stop."""
        await self.pool_monitor.close()
        await self.ingest.coalescer.drain()
        await self.payments.drain()
        await self.ingest.receipts.close()
        await self.login_audit.close()
        await self.limiter.close()
        await self.verifier.close()
        await self.facilitator.close()
        self.ingest.lanes.close()
        await self.large.end()
        await self.reads.close()
        await self.database.close()

    def cache_statistics(self) -> dict[str, CacheStatistics]:
        """Counters of every cache of this process, by name."""
        caches = self.reads.caches
        return {
            "agent_keys": self.ingest.agent_keys.cache.statistics(),
            "commitments": caches.commitment.statistics(),
            "proofs": caches.proof.statistics(),
            "active_schemas": self.ingest.schemas.cache.statistics(),
            "schemas": self.schemas.cache.statistics(),
            "ves_commitments": caches.ves_commitment.statistics(),
            "ves_proofs": caches.ves_proof.statistics(),
        }


def make_services(settings: Settings) -> Services:
    """Build the services without opening a connection."""
    database = Database(settings)
    signer = ReceiptSigner(database, settings.sequencer_id, settings.signing_key, settings.key_version)
    large = LargeWork()
    schemas = SchemaRegistry(database, large, settings.caches.schema)
    active = ActiveSchemas(database, schemas, settings.caches.schema, settings.schemas.validation)
    agent_keys = AgentKeys(database, settings.caches.agent_key)
    chain = ChainReads(settings.chain) if settings.chain.urls else None
    at_rest, lanes = AtRest(settings.at_rest.source), Lanes()
    limits = Limits(
        max_events=settings.max_events,
        max_payload_bytes=settings.max_payload_bytes,
        strict_format=settings.strict_format,
        profile=settings.profile,
    )
    return Services(
        settings=settings,
        database=database,
        reads=Reads(settings, database),
        pool_monitor=PoolMonitor(database, settings.pool_sample),
        authenticator=Authenticator(database, settings.auth),
        limiter=Limiter(database, settings.auth),
        login_audit=LoginAuditBuffer(database),
        schemas=schemas,
        large=large,
        ingest=Ingest(
            limits=limits,
            agent_keys=agent_keys,
            schemas=active,
            at_rest=at_rest,
            coalescer=Coalescer(database, signer, enabled=settings.coalesce),
            signer=signer,
            receipts=ReceiptKeeper(database),
            lanes=lanes,
            large=large,
        ),
        legacy_ingest=LegacyIngest(database, limits, active, at_rest, LegacyHeads(), lanes, large),
        payments=PaymentIntents(database, agent_keys),
        facilitator=Facilitator(database, chain, settings.settle_patience),
        anchors=Anchors(database, chain, settings.anchor_contract, settings.anchor_patience),
        verifier=Verifier(settings.stark_processes),
        at_rest=at_rest,
        slices=Slices(),
    )
