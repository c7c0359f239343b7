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
    """The format of a list."""

    TEXT = "text"
    JSON = "json"


ListFormatOption = Annotated[ListFormat, typer.Option("--format", "-f", help="The output format.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="The report's format.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Judge as of this UTC moment instead of now, e.g. 2026-03-01T12:00."),
]


def moment(text: str | None, *, option: str = "--as-of") -> datetime | None:
    """The UTC moment that an option gives, naive; None when it was not given. Raises ``ConfigurationError``."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'{option} "{text}" is not a time; write it like 2026-03-01T12:00.') from None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def utc_now() -> datetime:
    """Now, naive UTC. Only the doors read the clock."""
    return datetime.now(UTC).replace(tzinfo=None)


def user_name() -> str:
    """The operating system's user, or its number: a container may run as a user without a name."""
    import getpass  # noqa: PLC0415 - only where something is recorded

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def caller() -> str:
    """The person who runs this command, for records."""
    return f"command:{user_name()}"


def catalogue_for(config: Path | None) -> tuple[Check, ...]:
    """The catalogue, with the checks beside the config."""
    from trueup.actions.checks import full_catalogue  # noqa: PLC0415 - heavy

    return full_catalogue(config or DEFAULT_CONFIG)


def config_from(path: Path | None, checks: tuple[Check, ...], *, refuses_faults: bool = True) -> Config:
    """Return the config at ``path``, or ``trueup.toml`` here. Raises ``ConfigurationError``.

    With ``refuses_faults`` False, the caller checks for faults, and lists all of them.
    """
    from trueup.config import load_config  # noqa: PLC0415 - heavy

    config = load_config(path or DEFAULT_CONFIG, os.environ, known_checks=[check.id for check in checks])
    if refuses_faults:
        from trueup.actions.doctor import refuse_faults  # noqa: PLC0415 - heavy

        refuse_faults(config, checks, now=utc_now())
    return config


def config_if_any(path: Path | None, checks: tuple[Check, ...]) -> Config | None:
    """The config that was named, or ``trueup.toml`` where there is one: kept books do not need one.

    Raises ``ConfigurationError`` for one that is named and missing, or wrong.
    """
    return config_from(path, checks) if path is not None or DEFAULT_CONFIG.exists() else None
