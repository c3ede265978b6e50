"""What the handlers of one process share; made when the application starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ves_api.auth.authenticator import Authenticator
from ves_api.auth.credentials import read_credential
from ves_api.gateway.coalescer import Coalescer
from ves_api.gateway.database import Database
from ves_api.gateway.reads import Reads
from ves_api.http.ingest.flusher import ReceiptFlusher
from ves_api.http.ingest.keys import AgentKeys
from ves_api.http.ingest.signing import ReceiptSigner
from ves_api.verifier.pool import Verifier

if TYPE_CHECKING:
    from litestar import Request

    from ves_api.auth.identity import Identity
    from ves_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Owned by the event loop of the process."""

    settings: Settings
    database: Database
    reads: Reads
    authenticator: Authenticator
    agent_keys: AgentKeys
    signer: ReceiptSigner
    coalescer: Coalescer
    flusher: ReceiptFlusher
    verifier: Verifier


def make_services(settings: Settings) -> Services:
    """Build everything; nothing connects yet."""
    database = Database(settings)
    authenticator = Authenticator(database)
    signer = ReceiptSigner(database, settings.sequencer_id, settings.signing_key, settings.key_version)
    return Services(
        settings=settings,
        database=database,
        reads=Reads(settings, database),
        authenticator=authenticator,
        agent_keys=AgentKeys(database, settings.caches.agent_key),
        signer=signer,
        coalescer=Coalescer(
            database,
            signer_id=signer.own_id,
            credentials_changed=authenticator.forget_all,
            enabled=settings.coalesce,
        ),
        flusher=ReceiptFlusher(database),
        verifier=Verifier(settings.stark_processes),
    )


def services_of(request: Request[Any, Any, Any]) -> Services:
    """The services of the application that serves this request."""
    return cast("Services", request.app.state.services)


async def identify(request: Request[Any, Any, Any]) -> Identity:
    """The caller, read from the database. Raises 401; a request without a credential costs no query."""
    key_hash = read_credential(request.scope["headers"])
    return await services_of(request).authenticator.identify(key_hash)
