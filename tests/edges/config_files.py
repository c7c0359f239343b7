"""Files that a command reads because the config or an option names them: not regular, too large, cut, not text."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.edges import Edge, Spoil
from tests.support.spoiling import (
    all_of,
    bound_socket,
    config,
    content,
    folder_at,
    gone,
    large,
    link,
    loop,
    nothing,
    pipe,
    replaced,
)

MATRIX = all_of(
    replaced("trueup.toml", "[gates]\nenabled = false", '[gates]\nmatrix = "gates.toml"'),
    content("gates.toml", '[features]\nexport = { min_plan = "PRO" }\n'),
)
PROBE = all_of(
    MATRIX,
    config('[gates.probes.build]\nkind = "file"\npath = "plans.json"'),
    content("plans.json", '{"features": {"export": {"FREE": false, "PRO": true}}}'),
)
SECRET = all_of(
    replaced("trueup.toml", "sqlite:///app.db", "file:secret"),
    content("secret", "sqlite:///app.db\n"),
)

READ: tuple[tuple[str, str, tuple[str, ...], Spoil, int], ...] = (
    ("the config", "trueup.toml", ("runs",), nothing, 2),
    ("a secret's file", "secret", ("runs",), SECRET, 2),
    ("the matrix", "gates.toml", ("runs",), MATRIX, 2),
    ("a check beside the config", "checks/own.py", ("runs",), nothing, 2),
    ("the report to judge", "report.json", ("gate", "--report", "report.json"), nothing, 2),
    ("the baseline", "base.json", ("gate", "--report", "report.json", "--baseline", "base.json"), nothing, 2),
    ("kept books", "books.duckdb", ("audit", "--books", "books.duckdb"), nothing, 3),
    ("the app's database", "app.db", ("audit", "--no-store"), nothing, 2),
)
"""What is read, its name, the command that reads it, what makes it be read, and the exit code where it cannot be."""

NOT_FILES: tuple[tuple[str, str], ...] = (
    ("a pipe that nothing writes to", "named pipe"),
    ("a folder", ""),
    ("an endless device", "device"),
    ("an empty device", "device"),
    ("a loop of links", ""),
    ("a link to itself", ""),
    ("a socket", ""),
    ("a link into nowhere", ""),
)


def _other(kind: str, name: str) -> Spoil:
    match kind:
        case "a pipe that nothing writes to":
            return pipe(name)
        case "a folder":
            return folder_at(name)
        case "an endless device":
            return link(name, "/dev/zero")
        case "an empty device":
            return link(name, "/dev/null")
        case "a loop of links":
            return loop(name)
        case "a link to itself":
            return link(name, name.rpartition("/")[2])
        case "a socket":
            return bound_socket(name)
        case _:
            return link(name, "nowhere/at-all")


def _not_files() -> Iterator[Edge]:
    for what, name, command, prepare, code in READ:
        for kind, words in NOT_FILES:
            yield Edge(
                name=f"{what} is {kind}",
                command=command,
                spoil=all_of(prepare, _other(kind, name)),
                code=code,
                says=(name.rpartition("/")[2], *([words] if words and name not in ("books.duckdb", "app.db") else [])),
                seconds=4,
                mebibytes=400,
            )


def _sizes() -> Iterator[Edge]:
    for what, name, command, prepare, size, limit in (
        ("a config of 2 MiB", "trueup.toml", ("runs",), nothing, 2, "1 MiB"),
        ("a config of 100 MB of keys", "trueup.toml", ("runs",), nothing, 100, "1 MiB"),
        ("a secret's file of 1 MiB", "secret", ("runs",), SECRET, 1, "64 KiB"),
        ("a matrix of 5 MiB", "gates.toml", ("runs",), MATRIX, 5, "4 MiB"),
        ("a check of 2 MiB", "checks/own.py", ("runs",), nothing, 2, "1 MiB"),
        ("a probe's file of 5 MiB", "plans.json", ("gate", "show"), PROBE, 5, "4 MiB"),
        ("a report of 257 MiB", "report.json", ("gate", "--report", "report.json"), nothing, 257, "256 MiB"),
    ):
        yield Edge(
            name=what,
            command=command,
            spoil=all_of(prepare, large(name, size, b'k = "v"\n' if "keys" in what else b"# filled\n")),
            code=2 if "probe" not in what else 3,
            says=(name.rpartition("/")[2], limit),
            seconds=4,
            mebibytes=800 if size > 100 else 400,
            is_slow=size > 50,
        )


DEEP = 200_000
TEXTS: tuple[tuple[str, str | bytes, tuple[str, ...]], ...] = (
    ("one dotted key of 200 kB", "a" + ".a" * (DEEP // 2) + " = 1\n", ("nested too deeply", "line 1", "32 levels")),
    ("a dotted header of 200 kB", "[a" + ".a" * (DEEP // 2) + "]\n", ("nested too deeply", "line 1")),
    ("a dotted key of 33 parts", ".".join("a" * 33) + " = 1\n", ("nested too deeply",)),
    ("quoted parts, 200 kB", '"a"' + '."a"' * (DEEP // 4) + " = 1\n", ("nested too deeply",)),
    ("parts with spaces, 200 kB", "a" + " . a" * (DEEP // 4) + " = 1\n", ("nested too deeply",)),
    ("200,000 brackets", "a = " + "[" * DEEP, ("nested too deeply",)),
    ("200,000 braces", "a = " + "{a=" * (DEEP // 3), ("nested too deeply",)),
    ("33 brackets", "a = " + "[" * 33 + "]" * 33, ("nested too deeply",)),
    ("brackets over many lines", "a = [\n" * 1 + "[\n" * 40 + "]\n" * 40, ("nested too deeply",)),
    ("headers and keys that add up", "[" + ".".join("a" * 20) + "]\n" + ".".join("b" * 20) + " = 1\n", ("32 levels",)),
    ("points in a string", f'a = "{"." * 5000}"\n', ("not a known key",)),
    ("points in a comment", f"# {'.' * 5000}\n", ("database", "missing")),
    ("points in a long string", 'a = """' + ".\n" * 500 + '"""\n', ("not a known key",)),
    ("brackets in a string that does not end", 'a = "' + "[" * 500 + "\n", ("not valid TOML", "line 1")),
    ("a string of 500 kB of backslashes that does not end", 'a = "' + '\\"' * 250_000, ("not valid TOML",)),
    ("900 kB of quotes", "a = " + '"' * 900_000, ("not valid TOML",)),
    ("a key of 900 kB", "k" * 900_000 + " = 1\n", ("not a known key",)),
    ("90,000 unknown keys", "".join(f"k{n} = 1\n" for n in range(90_000)), ("not a known key",)),
    ("90,000 unknown tables", "".join(f"[t{n}]\n" for n in range(90_000)), ("not a known key",)),
    ("a number of 900 kB", "a = " + "9" * 900_000, ("number that is too long",)),
    ("an exponent of 30 digits", "a = 1e" + "9" * 30, ("number that is too long",)),
    ("nothing", "", ("database", "missing")),
    ("NUL bytes", b"\0" * 4096, ("not valid TOML",)),
    ("UTF-16", 'preset = "canonical"\n'.encode("utf-16"), ("not UTF-8 text", "line 1")),
    ("one byte that is not UTF-8, on line 3", b"# a\n# b\n# \xff\n", ("not UTF-8 text", "line 3")),
    ("a zip file", b"PK\x03\x04" + bytes(range(256)) * 8, ("not UTF-8 text",)),
    ("a key twice", 'environment = "a"\nenvironment = "b"\n', ("not valid TOML", "line 2")),
    ("a table twice", "[policy]\n[policy]\n", ("not valid TOML", "line 2")),
    ("a line that breaks off", 'preset = "canon', ("not valid TOML",)),
    ("only carriage returns", 'preset = "canonical"\r[stripe]\r', ("not valid TOML",)),
    ("a list where a table is expected", "database = []\n", ("database", "must be a table")),
    ("control characters in a key", '"\\u001b[31mred" = 1\n', ("not a known key",)),
)


def _texts() -> Iterator[Edge]:
    for what, text, words in TEXTS:
        yield Edge(
            name=f"a config of {what}",
            command=("runs",),
            spoil=content("trueup.toml", text),
            code=2,
            says=("trueup.toml", *words),
            never=("\x1b",),
            seconds=5,
            mebibytes=400,
        )


EDGES: tuple[Edge, ...] = (
    *_not_files(),
    *_sizes(),
    *_texts(),
    Edge(name="no config", command=("audit",), spoil=gone("trueup.toml"), code=2, says=("trueup init",)),
    Edge(
        name="a config whose name is too long",
        command=("audit", "--config", "c" * 300),
        spoil=nothing,
        code=2,
        says=("File name too long",),
    ),
    Edge(
        name="a config in a folder that is a file",
        command=("audit", "--config", "app.db/trueup.toml"),
        spoil=nothing,
        code=2,
        says=("app.db/trueup.toml", "Not a directory"),
    ),
)
