"""The page about the config names every key that the program takes, and says of each what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from docs.configuration import FILE, Table, page, tables
from trueup.config import load_config
from trueup.config.document import Document
from trueup.model.errors import ConfigurationError
from trueup.model.relations import MAPPED, STRIPE, columns_of, relation_name

TABLES = tuple(tables())


def test_the_page_is_what_the_code_says() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "run `python -m docs.generate`"


def keys_of_the_schema() -> set[str]:
    """Every key that pydantic itself knows, by the class it belongs to."""
    schema = Document.model_json_schema()
    classes: dict[str, Any] = {"Document": schema, **schema["$defs"]}
    return {f"{name}.{key}" for name, described in classes.items() for key in described.get("properties", {})}


def test_every_key_is_told_once_with_a_meaning() -> None:
    told = [(table.name, key.name.partition(".")[0]) for table in TABLES for key in table.keys]
    assert len(told) == len(set(told))
    tables_told = {re.sub(r"[][]|\.(NAME|WRITTEN|TABLE)\b", "", table.name).rpartition(".")[2] for table in TABLES} - {
        ""
    }
    assert {key.rpartition(".")[2] for key in keys_of_the_schema()} == {key for _, key in told} | tables_told
    assert [key for table in TABLES for key in table.keys if len(key.means) < 10] == []
    assert [key for table in TABLES for key in table.keys if not key.takes] == []


def test_every_column_of_every_relation_is_told() -> None:
    text = page()
    for relation in (*MAPPED, *STRIPE):
        section = text.partition(f"### `[relations.{relation_name(relation)}.columns]`")[2].partition("\n#")[0]
        assert [f"`{column.name}`" for column in columns_of(relation)] == re.findall(
            r"^\| (`\w+`) ", section, re.MULTILINE
        )


def written(table: Table, folder: Path, lines: str) -> Path:
    """A config in which this table holds these lines."""
    path = folder / "trueup.toml"
    name = table.name.replace("NAME", "PRO").replace("WRITTEN", "users")
    database = "" if name == "[database]" else '[database]\nurl = "app.db"\n'
    path.write_text(f'preset = "canonical"\n{database}{name}\n{lines}\n', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("table", "key", "low", "high"),
    [
        (table, key.name, *(int(bound.replace(",", "")) for bound in bounds.groups()))
        for table in TABLES
        for key in table.keys
        if "." not in key.name and (bounds := re.fullmatch(r"a whole number from (\S+) to (\S+)", key.takes))
    ],
)
def test_a_bound_is_where_the_page_says(table: Table, key: str, low: int, high: int, tmp_path: Path) -> None:
    also = 'url = "app.db"\n' if table.name == "[database]" else ""
    for good in (low, high):
        load_config(written(table, tmp_path, f"{also}{key} = {good}"), {})
    for bad in (low - 1, high + 1):
        with pytest.raises(ConfigurationError, match=key):
            load_config(written(table, tmp_path, f"{also}{key} = {bad}"), {})


def test_what_the_page_calls_the_default_is_what_a_config_gets_that_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    path.write_text('preset = "canonical"\n[database]\nurl = "app.db"\n', encoding="utf-8")
    config = load_config(path, {})
    usual = {f"{table.name}{key.name}": key.usual.strip("`") for table in TABLES for key in table.keys}
    assert usual["environment"] == config.environment
    assert usual["[books]memory_limit"] == config.memory_limit
    assert usual["[database]statement_timeout_seconds"] == str(config.statement_timeout_seconds)
    assert usual["[policy]period_days"] == str(config.policy.period_days)
    assert usual["[repairs]most_per_run"] == str(config.repairs.most_per_run)
    assert usual["[server]bind"] == f"{config.server.host}:{config.server.port}"
    assert usual["[store]url"] == "sqlite:///trueup.db` beside the file"
    assert config.store_url == f"sqlite:///{(tmp_path / 'trueup.db').as_posix()}"


def test_references_are_understood_where_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    (tmp_path / "secret").write_text("https://id.example.com/keys\n")
    path.write_text(
        'preset = "canonical"\n[database]\nurl = "${A}"\nrepair_url = "file:secret"\n[store]\nurl = "${B}"\n'
        '[server.jwt]\nissuer = "i"\naudience = "a"\njwks_url = "file:secret"\n'
        '[alerts.channels.ops]\nkind = "slack"\nurl = "${A}"\n',
        encoding="utf-8",
    )
    config = load_config(path, {"A": "a.db", "B": "sqlite:///b.db"})
    assert (config.database_url, config.store_url) == ("a.db", "sqlite:///b.db")
    assert config.server.jwt is not None
    assert config.repair_url == config.server.jwt.jwks_url == "https://id.example.com/keys"
    assert config.alerts.channels[0].options == {"url": "a.db"}
