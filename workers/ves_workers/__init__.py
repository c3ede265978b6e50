"""The edge for time: loops that wake, claim, do one idempotent step and record it. They decide nothing."""
