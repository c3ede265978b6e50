"""Tests of the request edge against a real server on a real engine."""
