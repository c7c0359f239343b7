"""The input of a format besides the report, and the stream it writes to."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trueup.model.check import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """``width`` is in terminal columns; without it the format chooses. ``catalogue`` holds the checks by id.

    ``first_seen`` holds, by fingerprint, when a finding was first seen, where that was before this report.
    """

    width: int | None = None
    color: bool = False
    catalogue: Mapping[str, Check] = field(default_factory=dict)
    everything: bool = False
    """Whether ``text`` shows every finding, each with its id, however long that is."""
    explains_score: bool = False
    """Whether ``text`` shows how the score is computed."""
    first_seen: Mapping[str, datetime] = field(default_factory=dict)


class Encodable(io.TextIOBase):
    """A text stream that writes a character its encoding lacks as an escape, instead of failing halfway."""

    def __init__(self, stream: TextIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding

    @classmethod
    def around(cls, stream: TextIO) -> TextIO:
        """``stream`` itself where it can encode every character."""
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if codecs.lookup(encoding).name.startswith("utf"):
            return stream
        return cast("TextIO", cls(stream, encoding))

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute to the type checker, read-only at run time
        """The encoding of the stream below."""
        return self._encoding

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether the stream below is a terminal."""
        return self._stream.isatty()

    def write(self, text: str, /) -> int:
        """Write ``text``, with escapes for characters that the encoding lacks."""
        return self._stream.write(text.encode(self._encoding, "backslashreplace").decode(self._encoding))

    def flush(self) -> None:
        """Flush the stream below, which stays open."""
        self._stream.flush()
