"""Settings of the schema registry (operations 6.3)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves.schemas.judge import DEFAULT_MODE, ValidationMode, parse_mode

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_NAME = "SCHEMA_VALIDATION_MODE"


@dataclass(frozen=True, slots=True)
class SchemaSettings:
    """`validation`: mode of payload validation at ingest."""

    validation: ValidationMode


def load_schemas(env: Environment) -> SchemaSettings:
    """Read the mode. As in the original, an unknown word means the default, with a warning."""
    mode = parse_mode(env.text(_NAME, DEFAULT_MODE))
    if mode is None:
        logging.getLogger("ves_api.settings").warning(
            "%s is not a known mode: %s counts", _NAME, DEFAULT_MODE
        )
    return SchemaSettings(mode or DEFAULT_MODE)
