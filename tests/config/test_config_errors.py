"""Everything a config can get wrong, and the one sentence that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueup.config import load_config
from trueup.model.errors import ConfigurationError

CHECKS = ("credit-balance", "large-credit-movement", "gate-regression")
ENVIRON = {"DATABASE_URL": "postgresql://audit:hunter2@db/app", "EMPTY": ""}
HEAD = 'preset = "canonical"\n[database]\nurl = "${DATABASE_URL}"\n'
BARE = (
    '[database]\nurl = "app.db"\n[relations.account]\ntable = "users"\n[relations.account.columns]\naccount_id = "id"\n'
)
EXEMPTION = '[[exemptions]]\ncheck = "credit-balance"\nsubject = "user_1"\nowner = "me"\nreason = "gift"\n'


def sentence(tmp_path: Path, content: str | bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = Path("trueup.toml")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, ENVIRON, known_checks=CHECKS)
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


CASES = {
    # The file.
    "not TOML": ("a = \nb = 1", "The config trueup.toml is not valid TOML: Invalid value (at line 1, column 5)."),
    "not text": (b"a = 1\nb = '\xff'", "The config trueup.toml is not UTF-8 text: see line 2."),
    "too long a number": ("a = " + "9" * 5000, "The config trueup.toml holds a number that is too long to read."),
    "too large an exponent": ("a = 1e" + "9" * 30, "The config trueup.toml holds a number that is too long to read."),
    "too deep": (
        "a = " + "[" * 9000,
        "The config trueup.toml is nested too deeply to read: see line 1; at most 32 levels are read.",
    ),
    "nothing": ("", "database.url in trueup.toml is missing."),
    # Keys.
    "unknown section": ('[databse]\nurl = "x"', 'databse in trueup.toml is not a known key; did you mean "database"?'),
    "unknown key": (
        HEAD + "[policy]\nperod_days = 30",
        'policy.perod_days in trueup.toml is not a known key; did you mean "period_days"?',
    ),
    "unknown key, deep": (
        HEAD + '[plans.PRO]\nprices = ["a", { id = "b", intervall = "year" }]',
        'plans.PRO.prices[2].intervall in trueup.toml is not a known key; did you mean "interval"?',
    ),
    "key with nothing near": (
        HEAD + "[books]\nzzz = 1",
        'books.zzz in trueup.toml is not a known key; known are "memory_limit", "credit_decimals", "folder"',
    ),
    "unknown table": (HEAD + "[gatez]\n", "gatez in trueup.toml is not a known key"),
    "channel without a kind": (
        HEAD + '[alerts.channels.ops]\nurl = "x"',
        "alerts.channels.ops.kind in trueup.toml is missing: say which kind of channel it is.",
    ),
    "channel option of no type": (
        HEAD + '[alerts.channels.ops]\nkind = "log"\npath = 1.5',
        "alerts.channels.ops.path in trueup.toml must be a string, a whole number, true or false, or a list of strings",
    ),
    "control characters in a key": (HEAD + '[policy]\n"a\\nb" = 1', 'policy."a\\nb" in trueup.toml is not a known key'),
    "section is no table": (HEAD.replace("preset", "policy = 1\npreset"), "policy in trueup.toml must be a table."),
    # Database.
    "no url": ("[database]\n", "database.url in trueup.toml is missing."),
    "url of a wrong type": ("[database]\nurl = 1", "database.url in trueup.toml must be a string."),
    "empty url": ('[database]\nurl = " "', "database.url in trueup.toml must not be empty."),
    "unset variable": (
        HEAD.replace("DATABASE_URL", "NOWHERE"),
        "database.url in trueup.toml refers to ${NOWHERE}, but that environment variable is not set: export it.",
    ),
    "empty variable": (
        HEAD.replace("DATABASE_URL", "EMPTY"),
        "database.url in trueup.toml refers to ${EMPTY}, but that environment variable is empty: export it.",
    ),
    "broken reference": (
        HEAD.replace("${DATABASE_URL}", "a://b:${hunter2@c"),
        (
            "database.url in trueup.toml holds a ${ that is not a reference: write ${NAME}, with the name of an "
            "environment variable."
        ),
    ),
    "missing secret file": (
        HEAD.replace("${DATABASE_URL}", "file:nowhere"),
        "database.url in trueup.toml refers to the file nowhere, which cannot be read: No such file or directory.",
    ),
    "empty secret file": (
        HEAD.replace("${DATABASE_URL}", "file:/dev/null"),
        "database.url in trueup.toml refers to the file /dev/null, which cannot be read: it is a device, which may",
    ),
    "endless secret file": (
        HEAD.replace("${DATABASE_URL}", "file:/dev/zero"),
        "database.url in trueup.toml refers to the file /dev/zero, which cannot be read: it is a device, which may",
    ),
    "timeout": (
        '[database]\nurl = "x"\nstatement_timeout_seconds = 0',
        "database.statement_timeout_seconds in trueup.toml must be a whole number from 1 to 86400.",
    ),
    "memory": (
        HEAD + '[books]\nmemory_limit = "lots"',
        'books.memory_limit in trueup.toml must be an amount of memory, such as "1GiB" or "512MB".',
    ),
    # Relations.
    "nothing mapped": (
        '[database]\nurl = "x"',
        'relations in trueup.toml is empty: name at least one relation, or a preset = "canonical".',
    ),
    "unknown preset": (
        HEAD.replace("canonical", "../canonicl"),
        'preset in trueup.toml is "../canonicl", which trueup does not have; did you mean "canonical"?',
    ),
    "unknown relation": (
        HEAD + "[relations.acount]",
        'relations.acount in trueup.toml is not a known relation; did you mean "account"?',
    ),
    "a relation that no table supplies": (
        HEAD + "[relations.plan_price]",
        "relations.plan_price in trueup.toml is not a known relation",
    ),
    "unknown column": (
        HEAD + '[relations.account.columns]\ncredit = "x"',
        'relations.account.columns.credit in trueup.toml is not a known column; did you mean "credits"?',
    ),
    "unknown column of words": (
        HEAD + '[relations.account.values.plann]\nFREE = "x"',
        'relations.account.values.plann in trueup.toml is not a known column; did you mean "plan"?',
    ),
    "no table": (
        BARE.replace('table = "users"', ""),
        "relations.account.table in trueup.toml is missing: name the table that holds these rows.",
    ),
    "no key": (
        BARE.replace("account_id", "email"),
        "relations.account.columns.account_id in trueup.toml is missing: it names the row.",
    ),
    "dense without sequence": (
        BARE + '[relations.ledger_entry]\ntable = "t"\ndense_sequence = true\ncolumns = { entry_id = "id" }',
        "relations.ledger_entry.dense_sequence in trueup.toml is true, but columns.sequence is not mapped.",
    ),
    # Words.
    "word of two meanings": (
        HEAD + '[relations.ledger_entry.values.kind]\nusage = ["x"]\nrefund = ["x"]',
        'relations.ledger_entry.values.kind.refund in trueup.toml claims "x", which already means "usage".',
    ),
    "word that is not ours": (
        HEAD + '[relations.ledger_entry.values.kind]\npurchases = ["x"]',
        'relations.ledger_entry.values.kind.purchases in trueup.toml is not a known word; did you mean "purchase"?',
    ),
    "plan that is not configured": (
        HEAD + '[relations.account.values.plan]\nPROO = ["x"]',
        (
            "relations.account.values.plan.PROO in trueup.toml is not a plan of this config, which would need "
            '[plans.PROO]; did you mean "PRO"?'
        ),
    ),
    "words for a column that has none": (
        HEAD + '[relations.account.values.email]\nx = ["x"]',
        (
            "relations.account.values.email in trueup.toml gives words, but only plans, wallets and columns of fixed "
            "words have any."
        ),
    ),
    "words for an unmapped column": (
        BARE + '[relations.account.values.role]\nadmin = ["x"]',
        "relations.account.values.role in trueup.toml gives words for a column that is not mapped.",
    ),
    # Plans.
    "no rank": (
        BARE + "[plans.PRO]",
        "plans.PRO.rank in trueup.toml is missing: 0 for the free plan, higher for more.",
    ),
    "rank": (BARE + "[plans.PRO]\nrank = true", "plans.PRO.rank in trueup.toml must be a whole number from 0 to 1000."),
    "price in two plans": (
        HEAD + '[plans.PRO]\nprices = ["p"]\n[plans.TEAM]\nprices = [{ id = "p" }]',
        'plans.TEAM.prices[1] in trueup.toml is "p", which plans.PRO already names.',
    ),
    "interval": (
        HEAD + '[plans.PRO]\ninterval = "yearly"',
        'plans.PRO.interval in trueup.toml is not an interval; did you mean "year"?',
    ),
    "two currencies": (
        HEAD + "[plans.PRO]\nprice = { usd = 1, eur = 1 }",
        "plans.PRO.price in trueup.toml must name one currency, such as { usd = 4900 }.",
    ),
    "unnamed plan": (HEAD + '[plans." "]\nrank = 1', 'plans." " in trueup.toml is not a name for a plan'),
    "negative grant": (
        HEAD + "[plans.PRO]\ncredits_per_period = -1",
        "plans.PRO.credits_per_period in trueup.toml must not be negative.",
    ),
    # Policy.
    "period of none": (
        HEAD + "[policy]\nperiod_days = 0",
        "policy.period_days in trueup.toml must be a whole number from 1 to 3650.",
    ),
    "period too long": (
        HEAD + "[policy]\nperiod_days = 3651",
        "policy.period_days in trueup.toml must be a whole number from 1 to 3650.",
    ),
    "period in text": (
        HEAD + '[policy]\nperiod_days = "30"',
        "policy.period_days in trueup.toml must be a whole number from 1 to 3650.",
    ),
    "not a number": (
        HEAD + "[policy]\nbalance_floor = nan",
        'policy.balance_floor in trueup.toml must be a number, such as 10 or "1.5".',
    ),
    "too fine": (
        HEAD + "[policy.credit_value]\nusd = 0.0000000001",
        "policy.credit_value.usd in trueup.toml must be below 10^20 and have at most 9 digits after the point.",
    ),
    "date in quotes": (
        HEAD + '[policy]\nidempotency_since = "2025-03-01"',
        "policy.idempotency_since in trueup.toml must be a date without quotes, such as 2025-03-01.",
    ),
    "a moment, not a date": (
        HEAD + "[policy]\nidempotency_since = 2025-03-01T10:00:00Z",
        "policy.idempotency_since in trueup.toml must be a date without quotes, such as 2025-03-01.",
    ),
    "currency": (
        HEAD + "[policy.credit_value]\ndollar = 1",
        "policy.credit_value.dollar in trueup.toml must be a three-letter currency code",
    ),
    "severity": (
        HEAD + '[policy.severity]\n"credit-balance" = "warn"',
        'policy.severity.credit-balance in trueup.toml is not a severity; did you mean "warning"?',
    ),
    "check": (
        HEAD + '[policy.severity]\n"credit-balanc" = "off"',
        (
            'policy.severity.credit-balanc in trueup.toml names an unknown check: there is no "credit-balanc"; '
            'did you mean "credit-balance"?'
        ),
    ),
    # Exemptions.
    "exempt from no check": (
        BARE + EXEMPTION.replace("credit", "credits"),
        "exemptions[1].check in trueup.toml names an unknown check",
    ),
    "exempt twice": (
        BARE + EXEMPTION + EXEMPTION,
        "exemptions[2] in trueup.toml exempts user_1 from credit-balance a second time.",
    ),
    "nobody's exemption": (
        BARE + EXEMPTION.replace('owner = "me"\n', ""),
        "exemptions[1].owner in trueup.toml is missing.",
    ),
    "exemption's date": (
        BARE + EXEMPTION + 'expires = "2027-01-31"',
        "exemptions[1].expires in trueup.toml must be a date without quotes, such as 2025-03-01.",
    ),
    "exemption of nothing": (
        BARE + EXEMPTION.replace('subject = "user_1"\n', ""),
        "exemptions[1] in trueup.toml names neither a subject nor a plan: say whose findings are accepted.",
    ),
    "exemption of two things": (
        HEAD + EXEMPTION + 'plan = "PRO"\n',
        "exemptions[1] in trueup.toml names a subject and a plan: write one exemption for each.",
    ),
    "exemption of no plan": (
        HEAD + EXEMPTION.replace('subject = "user_1"', 'plan = "PROO"'),
        (
            'exemptions[1].plan in trueup.toml names an unknown plan: there is no "PROO" under [plans]; did you mean '
            '"PRO"?'
        ),
    ),
    "exempt a plan twice": (
        HEAD + EXEMPTION.replace('subject = "user_1"', 'plan = "PRO"') * 2,
        "exemptions[2] in trueup.toml exempts plan PRO from credit-balance a second time.",
    ),
    "gate exempted for ever": (
        BARE + EXEMPTION.replace("credit-balance", "gate-regression"),
        (
            "exemptions[1] in trueup.toml needs expires: an exemption from gate-regression lets a release through, "
            "so it must end."
        ),
    ),
    "gate exempted for no reason": (
        BARE
        + EXEMPTION.replace("credit-balance", "gate-regression").replace('reason = "gift"', "expires = 2027-01-31"),
        "exemptions[1].reason in trueup.toml is missing.",
    ),
}


@pytest.mark.parametrize(("content", "said"), CASES.values(), ids=CASES)
def test_a_wrong_config_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, said: str
) -> None:
    found = sentence(tmp_path, content, monkeypatch)
    assert found == said if said.endswith((".", "?")) else found.startswith(said)


def test_a_missing_config_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"There is no config at .*trueup\.toml; `trueup init URL` writes one\.$"
    ):
        load_config(tmp_path / "trueup.toml", {})


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"The config .* cannot be read: it is a folder, and not a regular file\.$"
    ):
        load_config(tmp_path, {})


def test_any_check_may_be_named_while_none_are_known(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    path.write_text(HEAD + '[policy.severity]\nmine = "off"', encoding="utf-8")
    assert load_config(path, ENVIRON).policy.severity == {"mine": None}
