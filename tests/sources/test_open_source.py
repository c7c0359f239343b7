"""Which source an address opens, and what an address that opens nothing says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trueup.model.address import parse_address
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.sources import open_source


def refusal(url: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        open_source(url)
    return str(raised.value)


def test_an_unknown_scheme_names_the_known_ones_and_the_nearest() -> None:
    message = refusal("postgers://user:hunter2@host/app")
    assert "sqlite://" in message
    assert 'did you mean "postgres"?' in message
    assert "hunter2" not in message


def test_an_address_without_a_scheme_is_not_shown() -> None:
    message = refusal("user:hunter2@host/app")
    assert "no scheme" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("url", ["sqlite:///missing.db", "missing-folder", "file:///missing-folder", "sqlite://app.db"])
def test_a_missing_file_or_folder_is_a_configuration_error(url: str) -> None:
    assert refusal(url)


def test_a_file_that_is_no_database_is_a_configuration_error(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    path.write_text("this is not a database at all, however long it may be" * 100)
    source = open_source(f"sqlite:///{path}")
    with pytest.raises(ConfigurationError, match="not a database"), source.snapshot():
        pass
    with pytest.raises(ConfigurationError, match="not a database"):
        source.tables()


def test_a_plain_path_to_a_database_file_says_how_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    path.touch()
    assert f"sqlite:///{path}" in refusal(str(path))


@pytest.mark.parametrize(
    ("scheme", "module", "extra"), [("postgresql", "psycopg", "postgres"), ("mysql", "pymysql", "mysql")]
)
def test_a_driver_that_is_not_installed_says_what_to_install(
    scheme: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"trueup.sources.{extra}")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install 'trueup[{extra}]'" in refusal(f"{scheme}://user@host/app")


@pytest.mark.parametrize("url", ["mysql://user:pw@host", "mysql://user:pw@host/app?colour=blue"])
def test_a_mysql_address_without_database_or_with_an_unknown_option_is_refused(url: str) -> None:
    assert refusal(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "mysql", "mariadb+pymysql"])
def test_a_server_that_does_not_answer_is_unavailable(scheme: str) -> None:
    source = open_source(f"{scheme}://user:hunter2@127.0.0.1:1/app")
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1") as raised, source.snapshot():
        pass
    assert "hunter2" not in str(raised.value)
    with pytest.raises(SourceUnavailable):
        source.tables()
    with pytest.raises(SourceUnavailable):
        list(source.privileges())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hun@ter2@host/app",
        "postgresql://user:hun/ter2@host/app",
        "postgresql://user:hun?ter2@host/app",
        "postgresql://user:123?ter2@host/app",
        "postgresql://user:hun%ter2@host/app",
        "mysql://user:hun ter2@host/app",
    ],
)
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(url: str) -> None:
    message = refusal(url)
    assert "percent-encode" in message
    assert "ter2" not in message


def test_every_spelling_of_a_password_is_kept_out_of_a_drivers_message() -> None:
    address = parse_address("postgresql://user:p%40ss%20w%2Frd@host/app?sslpassword=tls%2Bkey")
    assert address.password == "p@ss w/rd"
    text = address.scrub("p%40ss%20w%2Frd p@ss w/rd p%40ss+w%2Frd p%40ss%20w/rd tls+key tls%2Bkey")
    assert set(text.split()) == {"***"}
    assert "ss" not in repr(address).replace("sslpassword", "").replace("address", "").replace("Address", "")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://user:pw@host:5433/app", "postgresql://user@host:5433/app"),
        ("postgresql://user:pw@/app?host=/run/pg", "postgresql://user@/run/pg/app"),
        ("postgresql://user:pw@[::1]:5433,other/app", "postgresql://user@[::1]:5433,other/app"),
        ("mysql://host/app", "mysql://host/app"),
    ],
)
def test_a_place_is_the_address_without_its_password(url: str, place: str) -> None:
    assert open_source(url).place == place


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("db.internal", ("db.internal", 3306)),
        ("db.internal:3307", ("db.internal", 3307)),
        ("[::1]", ("::1", 3306)),
        ("[::1]:3307", ("::1", 3307)),
    ],
)
def test_a_mysql_address_gives_its_host_and_port(hosts: str, expected: tuple[str, int]) -> None:
    arguments = parse_address(f"mysql://app:secret@{hosts}/app").for_mysql()
    assert (arguments["host"], arguments["port"]) == expected
