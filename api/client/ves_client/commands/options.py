"""Options that several of the agents' commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Url = Annotated[str | None, typer.Option("--url", help="Address of the API [VES_HTTP_URL].")]
ApiKey = Annotated[str | None, typer.Option("--api-key", help="API key [VES_API_KEY, VES_ADMIN_KEY].")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="Tenant UUID [VES_TENANT_ID].")]
Store = Annotated[str | None, typer.Option("--store", help="Store UUID [VES_STORE_ID].")]
KeyFile = Annotated[str | None, typer.Option("--key", help="Agent key file [VES_AGENT_KEY_FILE].")]
PublicKey = Annotated[
    str | None,
    typer.Option(
        "--public-key", help="Sequencer public key(s) to trust, hex, comma list [VES_SEQUENCER_PUBLIC_KEY]."
    ),
]
