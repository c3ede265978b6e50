"""Installs and checks the engine inside PostgreSQL. Runs as a superuser; the one place beside the gateways with SQL."""
