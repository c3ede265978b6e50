"""Check docker-compose.yml: its form (compose.schema.json), its cross references, and the client's opinion if there is one.

Exit status 0 when there is nothing to say, 1 with one line per finding.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SCHEMA = Path(__file__).with_name("compose.schema.json")
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+):\?")


def form_findings(compose: object) -> list[str]:
    """Return where the file differs from the schema."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)]


def reference_findings(compose: dict[str, Any], root: Path) -> list[str]:
    """Return names that point nowhere: services, volumes, Dockerfiles."""
    findings = []
    services = compose["services"]
    for name, service in services.items():
        findings += [
            f"{name} depends on {other}, which is no service"
            for other in service.get("depends_on", {})
            if other not in services
        ]
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        findings += [
            f"{name} uses {volume}, which is no volume"
            for volume in volumes
            if volume not in compose["volumes"]
        ]
        dockerfile = service.get("build", {}).get("dockerfile")
        if dockerfile and not (root / dockerfile).is_file():
            findings.append(f"{name} is built from {dockerfile}, which is missing")
    return findings


def required_variables(text: str) -> set[str]:
    """Return the variables without which the file refuses to start."""
    return {match["name"] for match in _VARIABLE.finditer(text)}


def client_findings(text: str) -> list[str]:
    """Return what `docker compose config` says; nothing where that client is not installed (it needs no engine)."""
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode != 0
    ):
        return []
    given = dict.fromkeys(required_variables(text), "given")
    command = [docker, "compose", "-f", str(COMPOSE), "config", "-q"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | given)
    return done.stderr.splitlines() if done.returncode != 0 else []


def main() -> int:
    """Print all findings; return the exit status."""
    text = COMPOSE.read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    findings = form_findings(compose) or [*reference_findings(compose, ROOT), *client_findings(text)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
