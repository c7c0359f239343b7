"""The options that several commands share, and how they become values."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.formats import FORMATS
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.check import Check

DEFAULT_CONFIG = Path("trueup.toml")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="TRUEUP_CONFIG", help="The config file; default: trueup.toml here."),
]


if TYPE_CHECKING:
    Format = str
else:
    Format = StrEnum("Format", {name.upper(): name for name in FORMATS})
TEXT = Format("text")


class ListFormat(StrEnum):
    """How a list is written."""

    TEXT = "text"
    JSON = "json"


ListFormatOption = Annotated[ListFormat, typer.Option("--format", "-f", help="How it is written.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How the report is written.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Judge as of this UTC moment instead of now, e.g. 2026-03-01T12:00."),
]


def moment(as_of: str | None) -> datetime | None:
    """The UTC moment of ``--as-of``, naive; None when it was not given. Raises ``ConfigurationError``."""
    if as_of is None:
        return None
    try:
        found = datetime.fromisoformat(as_of)
    except ValueError:
        raise ConfigurationError(f'--as-of "{as_of}" is not a time; write it like 2026-03-01T12:00.') from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def utc_now() -> datetime:
    """Now, naive UTC. The doors ask the clock; nothing below them does."""
    return datetime.now(UTC).replace(tzinfo=None)


def user_name() -> str:
    """The operating system's user, or its number: a container may run as a user that has no name."""
    import getpass  # noqa: PLC0415 - only where something is recorded

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def caller() -> str:
    """Who gives this command, for what is recorded."""
    return f"command:{user_name()}"


def catalogue_for(config: Path | None) -> tuple[Check, ...]:
    """The catalogue, with the checks beside the config."""
    from trueup.actions.checks import full_catalogue  # noqa: PLC0415 - heavy

    return full_catalogue(config or DEFAULT_CONFIG)


def config_from(path: Path | None, checks: tuple[Check, ...], *, refuses_faults: bool = True) -> Config:
    """Return the config at ``path``, or ``trueup.toml`` here. Raises ``ConfigurationError``.

    ``refuses_faults`` False leaves what one part of it cannot mean to the caller, who lists all of it.
    """
    from trueup.config import load_config  # noqa: PLC0415 - heavy

    found = load_config(path or DEFAULT_CONFIG, os.environ, known_checks=[check.id for check in checks])
    if refuses_faults:
        from trueup.actions.doctor import refuse_faults  # noqa: PLC0415 - heavy

        refuse_faults(found, checks, now=utc_now())
    return found


def config_if_any(path: Path | None, checks: tuple[Check, ...]) -> Config | None:
    """The config that was named, or ``trueup.toml`` where there is one: kept books can do without.

    Raises ``ConfigurationError`` for one that is named and missing, or wrong.
    """
    return config_from(path, checks) if path is not None or DEFAULT_CONFIG.exists() else None
