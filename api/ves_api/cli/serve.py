"""`ves serve`: the HTTP server in this process, configured by the environment as the original's binary is."""

from __future__ import annotations

from ves_client.errors import ClientError, Exit, usage
from ves_edge.errors import ApiError


def serve() -> None:
    """Serve the API until SIGTERM. Settings come from the environment alone: DATABASE_URL, HOST, PORT and so on."""
    # The server's packages are not needed by any other command.
    from ves_api import server, settings  # noqa: PLC0415

    try:
        server.run(settings.load())
    except settings.SettingsError as error:
        raise usage(str(error)) from error
    except ApiError as error:
        away = error.name == "database_unavailable"
        raise ClientError(
            Exit.UNREACHABLE if away else Exit.REFUSED, error.name, error.message, error.details
        ) from error
