"""Generated tests take the time that a busy machine gives them, and leave no folder behind."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ves", deadline=None, database=None)
settings.load_profile("ves")
