"""Deletes rows that are older or more than their limits allow."""
