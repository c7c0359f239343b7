"""The reader of consoles reads what a person would, and a promise that is not kept is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.console import Console, commands, fences, missing

PAGE = """Text.

```console
$ printf 'one\\ntwo\\nthree\\n'     # exit code 0
one
th…
$ NAME=a \\
    && false                       # exit code 1
$ echo "$NAME"
a
```
"""


def test_a_fence_is_read_as_commands_with_their_exit_codes_and_what_they_say() -> None:
    (fence,) = fences(PAGE)
    assert (fence.language, fence.line) == ("console", 3)
    first, second, third = commands(fence)
    assert (first.code, first.said) == (0, ("one", "th…"))
    assert (second.code, second.said) == (1, ())
    assert "&& false" in second.text
    assert third.said == ("a",)


def test_commands_are_run_in_order_and_remember(tmp_path: Path) -> None:
    console = Console(folder=tmp_path, tools=(), variables={})
    (fence,) = fences(PAGE)
    assert [console.run(command) for command in commands(fence)] == ["one\ntwo\nthree\n", "", "a\n"]


@pytest.mark.parametrize(
    "wrong", ["$ true  # exit code 1\n", "$ false\n", "$ echo a\nb\n", "$ printf 'a\\nb\\n'\nb\na\n"]
)
def test_what_ends_or_says_otherwise_fails(wrong: str, tmp_path: Path) -> None:
    console = Console(folder=tmp_path, tools=(), variables={})
    (fence,) = fences(f"```console\n{wrong}```\n")
    with pytest.raises(AssertionError):
        [console.run(command) for command in commands(fence)]


def test_dots_stand_for_anything_and_nothing_else_does() -> None:
    assert missing(("a … c", "d"), "x\na b c\nd\n") is None
    assert missing(("a.c",), "abc\n") == "a.c"
