"""How many lines the source has: all of ``src/trueup``, less the ``cases=`` of the checks."""

from __future__ import annotations

import ast
from pathlib import Path

import trueup


def lines_of(folder: Path) -> tuple[int, int]:
    """Return the lines of all Python files in the folder, and how many of those are cases."""
    total = cases = 0
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        total += text.count("\n")
        if "checks" in path.relative_to(folder).parts:
            keywords = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.keyword))
            cases += sum(
                node.value.end_lineno - node.lineno + 1
                for node in keywords
                if node.arg == "cases" and node.value.end_lineno is not None
            )
    return total, cases


if __name__ == "__main__":
    total, cases = lines_of(Path(trueup.__file__).parent)
    print(f"{total:,} lines, {cases:,} of them cases: {total - cases:,}")
