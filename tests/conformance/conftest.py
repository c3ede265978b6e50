"""The database of the API's tests."""

from tests.api.conftest import api_database

__all__ = ["api_database"]
