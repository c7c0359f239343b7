"""Values of the config that cannot be meant: every command refuses them, in the same sentence."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.edges import Edge
from tests.support.spoiling import all_of, config, replaced

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("audit", "--no-store"),
    ("doctor",),
    ("serve", "--bind", "127.0.0.1:0"),
    ("runs",),
    ("exempt", "list"),
    ("alerts", "list"),
    ("token", "list"),
    ("journal", "verify"),
    ("explain", "credit-balance:user_1"),
    ("repair", "--safe"),
)
"""The commands that read a whole config."""

JWT = '[server.jwt]\nissuer = "i"\naudience = "a"\njwks_url = "https://i.example.com/keys"\nroles = { admin = "ops" }\n'

FAULTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("a cron that cannot be", '[audits]\ncron = "61 25 * * *"', ("audits.cron", "names no moment")),
    ("a cron that never comes", '[audits]\ncron = "0 0 30 2 *"', ("audits.cron", "names no moment")),
    ("a cron of six fields", '[audits]\ncron = "0 0 4 * * *"', ("audits.cron", "five fields")),
    ("a cron of words", '[audits]\ncron = "every day"', ("audits.cron",)),
    (
        "keys of tokens by http",
        JWT.replace("https:", "http:"),
        ("server.jwt.jwks_url", "https://"),
    ),
    ("tokens without a signature", JWT + 'algorithms = ["none"]', ("server.jwt.algorithms", '"none"')),
    ("tokens signed with a shared secret", JWT + 'algorithms = ["HS256"]', ("server.jwt.algorithms", '"HS256"')),
    ("tokens of no algorithm", JWT + "algorithms = []", ("[server.jwt]", "would accept no token")),
    ("tokens of no role", JWT.replace('roles = { admin = "ops" }\n', ""), ("[server.jwt]", "would accept no token")),
    ("a channel of no kind that is known", '[alerts.channels.ops]\nkind = "telegram"', ("alerts.channels.ops.kind",)),
    ("Slack without an address", '[alerts.channels.ops]\nkind = "slack"', ("alerts.channels.ops.", "missing")),
    (
        "a channel's option that is not one",
        '[alerts.channels.ops]\nkind = "log"\ncolour = "red"',
        ("alerts.channels.ops.colour",),
    ),
    (
        "a log in a folder that is not there",
        '[alerts.channels.ops]\nkind = "log"\npath = "/nowhere/at/all.log"',
        ("alerts.channels.ops.path",),
    ),
    ("a private host that is no host", '[alerts]\nprivate_hosts = ["not a host"]', ("private_hosts",)),
    (
        "a key of Stripe's that is not one",
        'api_key = "hunter2"',
        ("stripe.api_key",),
    ),
)

NUMBERS: tuple[tuple[str, str], ...] = tuple(
    (f"{what} as a balance floor", value)
    for what, value in (
        ("an underscore", '"1_000"'),
        ("Arabic digits", '"١٢"'),
        ("full-width digits", '"\uff11\uff10"'),
        ("a word", '"ten"'),
        ("a space inside", '"1 000"'),
        ("a comma", '"1,5"'),
        ("not a number", '"NaN"'),
        ("infinity", '"Infinity"'),
        ("infinity without quotes", "inf"),
        ("nan without quotes", "nan"),
        ("an exponent of ten digits", '"1e9999999999"'),
        ("nineteen decimals", '"0.0000000000000000001"'),
        ("10^20", '"100000000000000000000"'),
        ("nothing", '""'),
        ("true", "true"),
        ("a list", "[1]"),
    )
)

VALUES: tuple[tuple[str, str, str], ...] = (
    ("one kilobyte of memory", '[books]\nmemory_limit = "1KB"', "at least 64MiB"),
    ("63 MiB of memory", '[books]\nmemory_limit = "63MiB"', "at least 64MiB"),
    ("memory without a unit", '[books]\nmemory_limit = "64"', "amount of memory"),
    ("memory in Arabic digits", '[books]\nmemory_limit = "٦٤MiB"', "amount of memory"),
    ("a port in full-width digits", '[server]\nbind = "127.0.0.1:\uff18\uff10"', "server.bind"),
    ("port 70000", '[server]\nbind = "127.0.0.1:70000"', "server.bind"),
    ("an address without a port", '[server]\nbind = "127.0.0.1"', "server.bind"),
    ("an origin with a path", '[server]\norigins = ["https://a.example.com/x"]', "server.origins[1]"),
    ("a proxy that is no network", '[server]\ntrusted_proxies = ["proxy"]', "server.trusted_proxies[1]"),
    ("a role that is not ours", JWT.replace("admin", "boss"), "server.jwt.roles.boss"),
    ("cron and minutes", '[audits]\ncron = "* * * * *"\nevery_minutes = 5', "keep one of them"),
    ("audits every 0 minutes", "[audits]\nevery_minutes = 0", "audits.every_minutes"),
    ("audits every -1 minutes", "[audits]\nevery_minutes = -1", "audits.every_minutes"),
    ("a number of minutes beyond all bounds", f"[audits]\nevery_minutes = {'9' * 400}", "audits.every_minutes"),
    ("a period of 0 days", "[policy]\nperiod_days = 0", "policy.period_days"),
    ("a fraction of a day", "[policy]\nperiod_days = 1.5", "policy.period_days"),
    ("a date in quotes", '[policy]\nidempotency_since = "2026-01-01"', "policy.idempotency_since"),
    ("a severity that is not one", '[policy]\nseverity = { credit-balance = "fatal" }', "policy.severity"),
    ("a channel without a kind", '[alerts.channels.ops]\nurl = "https://x"', "alerts.channels.ops.kind"),
    ("an environment variable that is not set", '[store]\nurl = "sqlite:///${NOT_SET_HERE}"', "NOT_SET_HERE"),
    ("a reference that does not end", '[store]\nurl = "sqlite:///${HOME"', "${"),
    ("an exemption of no check", '[[exemptions]]\ncheck = "x"\nsubject = "y"\nowner = "z"\nreason = "r"', "exemptions"),
    ("a kind that cannot be empty", "", "stripe.may_be_empty[5]"),
)


def _faults() -> Iterator[Edge]:
    """The first two meet every command; the others doctor, serve and one more, in turn."""
    for number, (what, text, words) in enumerate(FAULTS):
        chosen = COMMANDS if number < 2 else tuple(dict.fromkeys((*COMMANDS[1:3], COMMANDS[number % len(COMMANDS)])))
        in_stripe = "Stripe's" in what
        for command in chosen:
            yield Edge(
                name=f"{what}: trueup {command[0]}",
                command=command,
                spoil=replaced("trueup.toml", "[plans.FREE]", f"{text}\n[plans.FREE]") if in_stripe else config(text),
                code=2,
                says=words,
                seconds=5,
            )


def _values() -> Iterator[Edge]:
    for what, value in NUMBERS:
        yield Edge(
            name=what,
            command=("runs",),
            spoil=replaced("trueup.toml", "[policy.severity]", f"[policy]\nbalance_floor = {value}\n[policy.severity]"),
            code=2,
            says=("policy.balance_floor",),
            seconds=4,
        )
    for what, text, words in VALUES:
        spoil = config(text)
        if text.startswith("[policy]"):
            spoil = all_of(
                replaced("trueup.toml", '[policy.severity]\nseat-drift = "off"\n', ""),
                config(text),
            )
        if not text:
            spoil = replaced("trueup.toml", '"webhook_endpoints"]', '"webhook_endpoints", "everything"]')
        yield Edge(name=what, command=("runs",), spoil=spoil, code=2, says=(words,), seconds=4)


EDGES: tuple[Edge, ...] = (*_faults(), *_values())
