"""The compose file's one-shot `install`: bring the engine up to date, then open it to the edges' roles.

Environment: `DATABASE_URL` (the superuser) and a password for each role that is to log in, `VES_API_PASSWORD`,
`VES_WORKER_PASSWORD`, and so on. Safe to repeat; ends with status 0 when the engine is as this image wants it.
"""

from __future__ import annotations

import os
import subprocess
import sys

from ves_local import database, secretstore


def main() -> int:
    """Install, set the passwords that are given, print which roles changed."""
    done = subprocess.run([sys.executable, "-m", "ves_api.cli", "engine", "install"], check=False)
    if done.returncode != 0:
        return done.returncode
    names = map(secretstore.password_name, secretstore.LOGIN_ROLES)
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    changed = database.open_to_roles(database.role_urls(os.environ["DATABASE_URL"], given), given)
    print(f"roles with a new password: {', '.join(changed) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
