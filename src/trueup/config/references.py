"""Secrets by reference: ``${NAME}`` anywhere in a value, or the whole value ``file:/run/secrets/x``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.config.config_errors import Key, complaint
from trueup.disk import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET_BYTES_LIMIT = 65_536

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"
_PASSWORD_IN_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://[^:/?#@]*:(.+)@", re.IGNORECASE | re.DOTALL)
_STRIPE_KEY = re.compile(r"[a-z]{2}_(?:live|test)_")
_PASSWORD_IN_OPTION = re.compile(r"\b(?:password|passwd|pwd)\s*=\s*([^&\s]+)", re.IGNORECASE)


def resolved(text: str, *, key: Key, path: Path, environ: Mapping[str, str]) -> str:
    """Resolve the value that ``text`` refers to; text without a reference is the value itself.

    The value of a reference is not searched for further references. A relative ``file:`` starts at the config's folder,
    and the line break at the end of a secret's file is not part of it. Raises ``ConfigurationError`` when a reference
    leads nowhere.
    """
    if text.startswith(_FILE):
        return _file(text.removeprefix(_FILE), key=key, path=path)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if not match.group().endswith("}") or not _NAME.fullmatch(name):
            raise complaint(
                path, key, "holds a ${ that is not a reference: write ${NAME}, with the name of an environment variable"
            )
        if not environ.get(name):
            state = "empty" if name in environ else "not set"
            raise complaint(path, key, f"refers to ${{{name}}}, but that environment variable is {state}: export it")
        return environ[name]

    return _REFERENCE.sub(value, text)


def has_literal_secret(text: str) -> bool:
    """Whether an address or a key, as the file writes it, holds a secret in plain text.

    >>> has_literal_secret("postgresql://app:hunter2@db/app"), has_literal_secret("postgresql://app:${PW}@db/app")
    (True, False)
    """
    if _STRIPE_KEY.match(text):
        return True
    match = _PASSWORD_IN_ADDRESS.search(text) or _PASSWORD_IN_OPTION.search(text)
    return match is not None and "${" not in match.group(1)


def _file(name: str, *, key: Key, path: Path) -> str:
    place = path.parent / name
    try:
        text = read_file(place, most_bytes=SECRET_BYTES_LIMIT).decode("utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise complaint(path, key, f"refers to the file {place}, which cannot be read: {reason}") from None
    except ValueError:
        raise complaint(path, key, "refers to a file whose name or content is not text") from None
    if not text:
        raise complaint(path, key, f"refers to the file {place}, which holds no secret: it is empty")
    return text
