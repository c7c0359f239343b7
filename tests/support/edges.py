"""Bad edges: one command, one spoilt input, and how the command must end. Run as real processes with limits.

    Edge(
        name="a config that is a pipe",
        command=("audit",),
        spoil=pipe("trueup.toml"),
        code=2,
        says=("trueup.toml", "named pipe"),
    )

Every row starts in a folder of its own with a small app (``app.db``), its config and Stripe's side as exported files in
``export``; ``spoil`` changes what is there. The process is forked from one that is warm, so that its memory begins at
what Python and the libraries take, about ``STARTING_MEBIBYTES``.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.command import trueup, trueup_within
from tests.support.ledger_app import TABLES
from tests.support.stripe import stories
from tests.support.stripe.kept import keep_in_files
from tests.support.stripe.world import StripeWorld

DEADLINE_SECONDS = 90
"""Real time after which a command counts as hanging; the machine may be busy. What it computes, ``seconds`` limits."""

MOST_DATA_BYTES = 3 * 1024**3
"""The hard limit of what a process may ask for (``RLIMIT_DATA``): a row that fails must not take the machine."""

CONFIG = """
preset = "canonical"
[gates]
enabled = false
[stripe]
supplier = "files"
url = "export"
may_be_empty = ["disputes", "events", "subscription_schedules", "webhook_endpoints"]
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = ["pro_monthly"]
[policy.severity]
seat-drift = "off"
[database]
url = "sqlite:///app.db"
"""

NEVER = (
    "Traceback",
    "RecursionError",
    "MemoryError",
    "Binder Error",
    "struct_pack",
    "Invalid Input Error",
    "Catalog Error",
    "sqlite3.",
    "sqlalchemy",
    "pydantic",
    "panicked",
    "hunter2",
)
"""What no row may say: words of libraries, and the password that rows use."""

Spoil = Callable[[Path], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One row. ``says`` and ``never`` are looked for in what the command wrote to stderr and, unless ``out`` names a
    device, to stdout; ``quiet`` says that stderr must stay empty.

    ``unchanged`` are files that must be as they were, with nothing new half-written beside them. ``seconds`` are of
    processor time, ``mebibytes`` the most resident memory.
    """

    name: str
    command: tuple[str, ...]
    spoil: Spoil
    code: int
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    seconds: float = 12
    mebibytes: int = 600
    quiet: bool = False
    is_slow: bool = False
    unchanged: tuple[str, ...] = ()
    out: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


def check_edge(edge: Edge, folder: Path) -> None:
    """Run the row in this new folder and hold it against what it expects."""
    shutil.copytree(_company(), folder, dirs_exist_ok=True)
    edge.spoil(folder)
    before = {name: (folder / name).read_bytes() for name in edge.unchanged}
    with contextlib.ExitStack() as opened:
        out = opened.enter_context(Path(edge.out or folder / "stdout").open("r+b" if edge.out else "w+b"))
        used, said = trueup_within(
            *edge.command,
            cwd=folder,
            variables={"TMPDIR": str(folder), **edge.variables},
            limits={"RLIMIT_DATA": MOST_DATA_BYTES, **edge.limits},
            deadline_seconds=DEADLINE_SECONDS,
            out=out,
        )
        shown = said
        if edge.out is None:
            out.seek(0)
            shown += out.read().decode(errors="replace")
    assert not used.is_late, f"it hangs: {shown[-2000:]}"
    assert used.code == edge.code, (used, shown[-3000:])
    for words in edge.says:
        assert words in shown, (words, shown[-3000:])
    for words in (*NEVER, *edge.never):
        assert words not in shown, (words, shown[-3000:])
    if said and edge.code not in (0, 1) and not said.startswith("Usage:"):
        assert said.startswith("trueup: "), said[-3000:]
        assert said.count("\n") == 1, said[-3000:]
    if edge.quiet:
        assert said == "", said
    assert {name: (folder / name).read_bytes() for name in edge.unchanged} == before
    assert not list(folder.glob("**/*.part")), "something half-written was left"
    assert used.seconds <= edge.seconds, used
    assert used.mebibytes <= edge.mebibytes, used


@functools.cache
def _company() -> Path:
    """The folder that every row starts from: a clean app, Stripe's files, a config, and a store with one run."""
    folder = Path(tempfile.mkdtemp(prefix="trueup-edges-"))
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as connection, connection:
        connection.executescript(TABLES)
        connection.executemany(
            "INSERT INTO users (id, email, role, plan, credits, created_at) VALUES (?, ?, 'user', 'FREE', ?, ?)",
            [(f"user_{n}", f"u{n}@example.com", 10, "2026-01-01 00:00:00") for n in range(5)],
        )
        connection.executemany(
            "INSERT INTO credit_transactions (id, user_id, sequence, type, amount, balance_after, created_at, actor, "
            "reason) VALUES (?, ?, 1, 'adjustment', 10, 10, '2026-01-01 00:00:00', 'ops', 'welcome')",
            [(n, f"user_{n}") for n in range(5)],
        )
    (folder / "export").mkdir()
    world = _world()
    keep_in_files(folder / "export", world)
    customer, subscription = world.objects("customer")[0]["id"], world.objects("subscription")[0]["id"]
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as connection, connection:
        connection.execute(
            "UPDATE users SET plan = 'PRO', stripe_customer_id = ?, stripe_subscription_id = ? WHERE id = 'user_0'",
            [customer, subscription],
        )
    (folder / "trueup.toml").write_text(CONFIG, encoding="utf-8")
    ran = trueup("audit", "--format", "json", "--output", "report.json", cwd=folder)
    assert ran.code == 0, ran
    return folder


def _world() -> StripeWorld:
    """One customer with a subscription that bills, a refund and a purchase: something in every file that matters."""
    world = StripeWorld()
    pro = stories.new_price(world, lookup_key="pro_monthly")
    once = stories.new_price(world, recurring=None, type="one_time", unit_amount=500)
    ada = stories.new_customer(world, email="ada@example.com")
    stories.bill(world, stories.subscribe(world, ada, pro))
    session = stories.buy(world, ada, once)
    stories.give_back(world, world.get(session["payment_intent"]), amount=100)
    return world
