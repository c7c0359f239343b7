"""Read the file: text, parsed as TOML, of the right shape. Its secrets are not resolved here."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, refused
from trueup.config.toml_text import TooDeep, parse_toml
from trueup.disk import read_file
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.config.document import Document

CONFIG_BYTES_LIMIT = 1024 * 1024  # one of a thousand plans and exemptions has a fifth of it


def document_at(path: Path) -> Document:
    """Read the file's content in the right shape; no secret is resolved. Raises ``ConfigurationError``."""
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import

    from trueup.config.document import Document  # noqa: PLC0415 - slow to import

    content = content_at(path)
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        raise refused(path, Document, error) from None
    _refuse_no_single_place(document, path)
    return document


def _refuse_no_single_place(document: Document, path: Path) -> None:
    """Refuse a file that does not say where the app's rows are, or says it twice."""
    if document.engine is not None:
        if document.database.url is not None:
            raise complaint(path, ("database", "url"), "is not read beside [engine]: leave one of them")
        return
    if document.database.url is None:
        raise complaint(path, ("database", "url"), "is missing")
    if any(section.version is not None for section in document.relations.values()):
        raise complaint(path, ("relations",), "names a version, which is only for an [engine]")


def content_at(path: Path) -> dict[str, object]:
    """Read the file as TOML, whatever its shape. Raises ``ConfigurationError``."""
    return _parse(_text(path), path)


def _text(path: Path) -> str:
    try:
        return read_file(path, most_bytes=CONFIG_BYTES_LIMIT).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"There is no config at {path}; `trueup init URL` writes one.") from None
    except OSError as error:
        raise ConfigurationError(f"The config {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"The config {path} is not UTF-8 text: see line {line}.") from None


def _parse(text: str, path: Path) -> dict[str, object]:
    try:
        return parse_toml(text)
    except TooDeep as error:
        raise ConfigurationError(f"The config {path} is nested too deeply to read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The config {path} is not valid TOML: {error}.") from None
    except (ValueError, ArithmeticError):
        raise ConfigurationError(f"The config {path} holds a number that is too long to read.") from None
