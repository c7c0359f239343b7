"""The files of ``deploy/`` as values, and its configs loaded with every secret that they refer to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from trueup.checks import catalogue
from trueup.config import Config, load_config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

POSTGRES = "postgresql://role:a-secret@db.internal/app"
"""What every reference leads to here."""


def documents(path: Path) -> list[Any]:
    """The YAML documents of a file."""
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def secret_files(path: Path) -> set[str]:
    """The files that a config refers to."""
    return set(re.findall(r'"file:([^"]+)"', path.read_text("utf-8")))


def variables(path: Path) -> set[str]:
    """The environment variables that a config refers to."""
    return set(re.findall(r"\$\{(\w+)\}", path.read_text("utf-8")))


def loaded(path: Path, scratch: Path) -> Config:
    """The config, its secret files found in ``scratch`` and its variables set."""
    text = path.read_text("utf-8")
    for name in secret_files(path):
        place = scratch / Path(name).name
        place.write_text(f"{POSTGRES}\n")
        text = text.replace(f"file:{name}", f"file:{place}")
    copy = scratch / path.name
    copy.write_text(text)
    return load_config(copy, dict.fromkeys(variables(path), POSTGRES), known_checks=[check.id for check in catalogue()])
