"""The config of a relation from several places, and of one from a query: what is refused, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueup.config import load_config
from trueup.config.config import Config
from trueup.model.errors import ConfigurationError

HEAD = """
[database]
url = "postgresql://db/app"
[plans.FREE]
rank = 0
"""
KEYS = 'columns = { account_id = "id" }'
ENTRY = 'entry_id = "id", account_id = "user_id", amount = "amount", created_at = "at"'


def load(folder: Path, text: str) -> Config:
    path = folder / "trueup.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_config(path, {})


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    return str(caught.value).replace(str(folder), "").replace(" in /trueup.toml", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("from = []", "relations.account.from is empty: name at least one table."),
        (
            f"from = [{{ {KEYS} }}]",
            "relations.account.from[1].table is missing: name the table that holds these rows.",
        ),
        (
            'from = [{ table = "users", columns = { email = "mail" } }]',
            "relations.account.from[1].columns.account_id is missing: it names the row.",
        ),
        (
            f'from = [{{ table = "users", {KEYS} }}, {{ table = "users", {KEYS} }}]',
            (
                "relations.account.from[2] is the same table with the same condition as an earlier place: every row "
                "would be read twice."
            ),
        ),
        (
            'from = [{ table = "users", columns = { account_idd = "id" } }]',
            'relations.account.from[1].columns.account_idd is not a known column; did you mean "account_id"?',
        ),
        (
            f'from = [{{ table = "users", tabel = "x", {KEYS} }}]',
            'relations.account.from[1].tabel is not a known key; did you mean "table"?',
        ),
        (
            f'from = [{{ table = "users", account_prefix = "u", {KEYS} }}]',
            (
                "relations.account.from[1].account_prefix is only for ledger_entry, plan_change, member, credit_grant, "
                "wallet_balance, local_subscription, whose rows name an account; use key_prefix."
            ),
        ),
        (
            f'from = [{{ table = "users", absent = ["plan"], {KEYS} }}]',
            "relations.account.from[1].absent names plan, but every row of account has a value of it.",
        ),
        (
            'from = [{ table = "users", absent = ["stripe_customer"], columns = { account_id = "id" } }]',
            (
                'relations.account.from[1].absent names "stripe_customer", which is not a column; did you mean '
                '"stripe_customer_id"?'
            ),
        ),
        (
            (
                'from = [{ table = "users", absent = ["stripe_customer_id"], '
                'columns = { account_id = "id", stripe_customer_id = "c" } }]'
            ),
            "relations.account.from[1].absent names stripe_customer_id, which the same place maps: leave one of them.",
        ),
        (
            f'query = "SELECT id AS account_id FROM users"\nfrom = [{{ table = "users", {KEYS} }}]',
            "relations.account.query is beside from: put it into one of the places.",
        ),
        (
            'table = "users"\nquery = "SELECT id AS account_id FROM users"',
            "relations.account.query is beside table: leave one of them.",
        ),
        (
            'where = "id > 1"\nquery = "SELECT id AS account_id FROM users"',
            "relations.account.where is beside query: put the condition into the query.",
        ),
    ],
)
def test_a_place_that_cannot_be_right_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, f"[relations.account]\n{text}\n") == sentence


@pytest.mark.parametrize(
    ("mapped", "sentence"),
    [
        ("balance_after", "a running balance goes through all entries; without one it is worked out from the amounts"),
        ("sequence", "the order of all entries would not be known"),
    ],
)
def test_a_chain_goes_through_all_places_or_none(mapped: str, sentence: str, tmp_path: Path) -> None:
    text = f"""
[relations.ledger_entry]
from = [{{ table = "a", columns = {{ {ENTRY}, {mapped} = "x" }} }}, {{ table = "b", columns = {{ {ENTRY} }} }}]
"""
    assert refusal(tmp_path, text) == (
        f"relations.ledger_entry.from[2].columns.{mapped} is mapped in another place but not in this one: {sentence}."
    )


def test_rows_without_a_key_of_their_own_take_no_prefix(tmp_path: Path) -> None:
    text = """
[relations.member]
table = "seats"
key_prefix = "s"
columns = { account_id = "org", member_id = "user" }
"""
    assert refusal(tmp_path, text) == (
        "relations.member.key_prefix is not for member, whose rows have no key of one column; use account_prefix."
    )


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT id AS account_id FROM users; SELECT 1", "holds 2 statements, but must be one SELECT"),
        ("DELETE FROM users RETURNING id AS account_id", "must be one SELECT, and is DELETE"),
        ("DROP TABLE users", "must be one SELECT, and is DROP"),
        ("TRUNCATE users", "must be one SELECT, and is TRUNCATETABLE"),
        ("COPY users TO PROGRAM 'x'", "must be one SELECT, and is COPY"),
        (
            "WITH gone AS (DELETE FROM users RETURNING id) SELECT id AS account_id FROM gone",
            "holds DELETE; a query of the config may only read",
        ),
        (
            "SELECT id AS account_id INTO copy FROM users",
            "holds INTO, which writes a table, a file or a variable; a query of the config may only read",
        ),
        (
            "SELECT id AS account_id FROM users FOR UPDATE",
            "locks rows (FOR UPDATE or FOR SHARE); a query of the config may only read",
        ),
        *(
            (
                f"SELECT {call}() AS account_id FROM users",
                f"calls {call}(), which may do more than read; a query of the config may only read",
            )
            for call in (
                "nextval",
                "setval",
                "pg_advisory_lock",
                "pg_try_advisory_xact_lock",
                "pg_sleep",
                "lo_import",
                "lo_unlink",
                "set_config",
                "pg_terminate_backend",
                "query_to_xml",
                "pg_notify",
                "our_own_function",
            )
        ),
        (
            "SELECT id AS account_id FROM dblink('x', 'y') AS t(id int)",
            "calls dblink(), which may do more than read; a query of the config may only read",
        ),
        ("SELECT * FROM users", "returns columns without a name: name each one that is used, instead of *"),
        (
            'SELECT id AS account_id, x AS "ACCOUNT_ID" FROM users',
            'returns two columns that are named "account_id": rename one of them',
        ),
        ("SELECT id FROM WHERE", "cannot be understood, so it may do more than read: make a view of it"),
        (
            "SELECT id AS account_id /*! INTO OUTFILE 'x' */ FROM users",
            "holds a comment that MySQL runs as SQL (/*!): remove it",
        ),
    ],
)
def test_a_query_that_may_do_more_than_read_is_refused(query: str, problem: str, tmp_path: Path) -> None:
    text = f"[relations.account]\nquery = '''{query}'''\n"
    assert refusal(tmp_path, text) == f"relations.account.query {problem}."


@pytest.mark.parametrize("call", ["sleep(9)", "get_lock('a', 1)", "benchmark(9, 1)", "load_file('x')", "@a := 1"])
def test_a_query_of_mysql_may_only_read(call: str, tmp_path: Path) -> None:
    text = f'[relations.account]\nquery = """SELECT id AS account_id, {call} AS email FROM users"""\n'
    path = tmp_path / "trueup.toml"
    path.write_text(HEAD.replace("postgresql", "mariadb") + text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="may only read"):
        load_config(path, {})


def test_a_folder_of_files_has_no_queries(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    text = '[relations.account]\nquery = "SELECT id AS account_id FROM users"\n'
    path.write_text(HEAD.replace("postgresql://db/app", "exports/") + text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a folder of files has no queries, so name a table"):
        load_config(path, {})


def test_a_query_must_return_the_key(tmp_path: Path) -> None:
    text = '[relations.account]\nquery = "SELECT id, email FROM users"\n'
    assert refusal(tmp_path, text) == (
        "relations.account.columns.account_id is missing: it names the row; the query returns id, email."
    )
