"""The error type of all edges, under the name by which this package knows it."""

from ves_edge.errors import ApiError

__all__ = ["ApiError"]
