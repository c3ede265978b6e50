"""Process settings: one frozen object, read once from the environment (operations 1.1-1.4)."""

from ves_api.settings.auth import AuthSettings, Budget
from ves_api.settings.process import Settings, load, read
from ves_api.settings.sections import CacheLimits, CacheSettings, ReplicaSettings, SchemaSettings
from ves_edge.environment import Environment, SettingsError

__all__ = [
    "AuthSettings",
    "Budget",
    "CacheLimits",
    "CacheSettings",
    "Environment",
    "ReplicaSettings",
    "SchemaSettings",
    "Settings",
    "SettingsError",
    "load",
    "read",
]
