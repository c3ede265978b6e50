"""The log of all edges, under the name by which this package knows it."""

from ves_edge.log import Logger, configure, get_logger

__all__ = ["Logger", "configure", "get_logger"]
