"""Lines of a TOML file that a person reads: a comment beside each value, and no character that moves a cursor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from trueup.model.finding import printable

_COMMENT_AT, _WIDEST = 40, 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LAST_SHORT = 0xFFFF


def toml_line(text: str, comment: str) -> str:
    """Return the text with its comment beside it, if it has one."""
    return f"{text:<{_COMMENT_AT}} # {printable(comment)}" if comment else text


def toml_key(name: str) -> str:
    """Return a TOML key."""
    return name if _BARE.fullmatch(name) else toml_text(name)


def toml_text(text: str) -> str:
    """Return a TOML string, literal where it would need escapes. Nothing in it moves the cursor or its direction."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    if ('"' in whole or "\\" in whole) and all(each == " " or each.isprintable() for each in whole):
        if "'" not in whole:
            return f"'{whole}'"
        if "'''" not in whole and not whole.endswith("'"):
            return f"'''{whole}'''"
    quoted = json.dumps(whole, ensure_ascii=False)
    return "".join(each if each == " " or each.isprintable() else _escaped(each) for each in quoted)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= _LAST_SHORT else f"\\U{number:08x}"


def toml_list(key: str, names: Sequence[str]) -> Iterator[str]:
    """Write a list of texts, as many to a line as fit."""
    lines = [""]
    for word in (f"{toml_text(name)}," for name in names):
        if len(lines[-1]) + len(word) > _WIDEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}"
    if len(lines) == 1:
        yield f"{key} = [{lines[0].strip().removesuffix(',')}]"
        return
    yield f"{key} = ["
    yield from (f"   {line}" for line in lines)
    yield "]"
