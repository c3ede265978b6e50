"""Installs, updates and checks the engine inside PostgreSQL from the files of `sql/`; runs as a superuser."""
