"""The checks of one installation: built in, installed, and in the ``checks/`` folder beside the config."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from trueup.checks import catalogue, check_of
from trueup.disk import refuse_other_than_file
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, nearest

CHECK_BYTES_LIMIT = 1024 * 1024
_CHECK_FAULTS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    RecursionError,
    SyntaxError,
    SystemExit,  # it would end the command with an exit code of the check's choosing
    TypeError,
    ValueError,
)


def full_catalogue(config_path: Path | None) -> tuple[Check, ...]:
    """Every check for this config. Raises ``ConfigurationError`` for a file in that folder that is not a check."""
    # Not Path.resolve, which raises RuntimeError for a loop of links; a missing config is reported later.
    folder = Path(os.path.realpath(config_path)).parent / "checks" if config_path else None
    return catalogue(_own_checks(folder) if folder and folder.is_dir() else ())


def chosen(checks: Sequence[Check], ids: Sequence[str]) -> tuple[Check, ...]:
    """The checks with these ids, all when none is named. Raises ``ConfigurationError`` for an unknown id."""
    known = {check.id for check in checks}
    for name in ids:
        if name not in known:
            raise ConfigurationError(
                f'There is no check "{name}"{nearest(name, known) or "; `trueup checks` lists them."}'
            )
    return tuple(check for check in checks if not ids or check.id in ids)


def _own_checks(folder: Path) -> Iterator[Check]:
    for path in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"trueup_own_checks.{path.stem}", path)
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        try:
            refuse_other_than_file(path, most_bytes=CHECK_BYTES_LIMIT)
            spec.loader.exec_module(module)
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise ConfigurationError(f"The check in {path} cannot be read: {reason}.") from error
        except _CHECK_FAULTS as error:
            raise ConfigurationError(f"The check in {path} cannot be loaded: {error}.") from error
        yield check_of(module)
