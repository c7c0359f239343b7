"""The store: spoilt, gone, of somebody else, or at an address that names none; said, and never made anew."""

from __future__ import annotations

from tests.support.edges import Edge
from tests.support.spoiling import Spoil, all_of, bound_socket, cell, config, content, cut, folder_at, gone, link, pipe

COMMANDS = (
    ("runs",),
    ("token", "list"),
    ("exempt", "list"),
    ("store", "init"),
    ("serve", "--bind", "127.0.0.1:0"),
    ("gate",),
)
SPOILT: tuple[tuple[str, Spoil, str], ...] = (
    ("is gone", gone("trueup.db"), "is gone, and trueup does not replace it"),
    ("is empty", content("trueup.db", ""), "is an empty file"),
    ("is cut in half", cut("trueup.db", 0.5), "malformed"),
    ("is text", content("trueup.db", "a letter to my aunt\n" * 500), "file is not a database"),
    ("is a pipe", pipe("trueup.db"), "is not a regular file"),
    ("is a folder", folder_at("trueup.db"), "is not a regular file"),
    ("is a socket", bound_socket("trueup.db"), "is not a regular file"),
    ("is a device", link("trueup.db", "/dev/zero"), "is not a regular file"),
    ("lacks a table", cell("trueup.db", "DROP TABLE trueup_exemption"), "has no table trueup_exemption"),
    ("is the app's database", config('[store]\nurl = "sqlite:///app.db"'), "holds other tables"),
)
ADDRESSES = (
    "sqlite://app:hunter2@db/app",
    "sqlite:///app:hunter2@db/app",
    "sqlite://hunter2/app.db",
    "sqlite:///",
)

EDGES: tuple[Edge, ...] = (
    *(
        Edge(name=f"trueup {command[0]}: the store {what}", command=command, spoil=spoil, code=3, says=(says,))
        for command in COMMANDS
        for what, spoil, says in SPOILT
    ),
    *(
        Edge(
            name=f"trueup {command[0]}: a store at {url}",
            command=command,
            spoil=config(f'[store]\nurl = "{url}"'),
            code=2,
            says=("file",),
        )
        for command in COMMANDS
        for url in ADDRESSES
    ),
    *(
        Edge(
            name=f"trueup {command[0]}: there never was a store",
            command=command,
            spoil=all_of(gone("trueup.db"), gone("trueup.db-made")),
            code=3,
            says=("There is no store", "trueup store init"),
        )
        for command in (("runs",), ("token", "list"), ("exempt", "list"), ("serve", "--bind", "127.0.0.1:0"))
    ),
)
