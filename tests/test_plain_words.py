"""The words and names that the next reader cannot know are counted, and the counts only go down.

When a change lowers a count, lower its number here as well. The goal of both is fewer than 60.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

REFUSED_WORDS_LIMIT = 1
"""Over ``src``, ``docs`` and the README. Decisions keep the words in which they were made."""

REFUSED_NAMES_LIMIT = 3
"""Variables and parameters in ``src``."""

REFUSED_WORD = re.compile(r"\b(nobody|whoever|somebody|stands|told)\b", re.IGNORECASE)
NAMES_OF_PLUGINS = frozenset({"Options"})
REFUSED_NAMES = frozenset({"found", "made", "one", "said"})


def refused_words(text: str) -> Iterator[tuple[int, str]]:
    """Each refused word with its line number."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in REFUSED_WORD.finditer(line):
            yield number, match[0]


def refused_names(text: str) -> Iterator[tuple[int, str]]:
    """Each place where a variable or a parameter gets a refused name, with its line number."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=name, ctx=ast.Store(), lineno=number) | ast.arg(arg=name, lineno=number):
                if name in REFUSED_NAMES:
                    yield number, name


def read_texts() -> Iterator[tuple[str, str]]:
    """Each file whose words are counted: its path below the root, and its text."""
    files = [ROOT / "README.md", *(ROOT / "src").rglob("*"), *(ROOT / "docs").rglob("*")]
    for file in sorted(files):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix in {".py", ".md"} and not name.startswith("docs/decisions/"):
            yield name, file.read_text(encoding="utf-8")


def test_there_are_no_more_refused_words_than_before() -> None:
    places = [f"{name}:{number}: {word}" for name, text in read_texts() for number, word in refused_words(text)]
    assert len(places) <= REFUSED_WORDS_LIMIT, "\n".join(["Say it in a plainer word:", *places])


def test_there_are_no_more_refused_names_than_before() -> None:
    sources = [(name, text) for name, text in read_texts() if name.startswith("src/") and name.endswith(".py")]
    places = [f"{name}:{number}: {word}" for name, text in sources for number, word in refused_names(text)]
    assert len(places) <= REFUSED_NAMES_LIMIT, "\n".join(["Name the thing that it holds:", *places])


def class_homes() -> Iterator[tuple[str, str]]:
    """Each class of ``src`` that must have one meaning: its name, and the module that it is in.

    A document of an answer or a report has the name of the thing that it is of, and the options of a channel and of a
    probe are found by their name.
    """
    for file in sorted((ROOT / "src").rglob("*.py")):
        name = file.relative_to(ROOT / "src/trueup").as_posix()
        if name.startswith("web/") or name in {"formats/report_document.py", "formats/timeline.py"}:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in NAMES_OF_PLUGINS:
                yield node.name, name


def test_no_class_name_has_two_meanings() -> None:
    homes: dict[str, list[str]] = {}
    for name, module in class_homes():
        homes.setdefault(name, []).append(module)
    doubled = {name: modules for name, modules in homes.items() if len(modules) > 1}
    assert doubled == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nobody told us.", ["Nobody", "told"]),
        ("It stands; it withstands, nobody_asked.", ["stands"]),
        ("A person says it.", []),
    ],
)
def test_a_refused_word_is_counted_in_any_case_and_only_whole(text: str, words: list[str]) -> None:
    assert [word for _, word in refused_words(text)] == words


def test_a_refused_name_is_counted_where_it_is_given() -> None:
    text = "def f(said, *, one=1):\n    found = said\n    for made in found:\n        print(made.said, said=one)\n"
    assert [name for _, name in sorted(refused_names(text))] == ["one", "said", "found", "made"]
