"""Background workers: loops that claim work, run one idempotent step and record it. SQL makes all decisions."""
