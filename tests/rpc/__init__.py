"""Tests of the gRPC services with clients compiled from proto/, against real servers."""
