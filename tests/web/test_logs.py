"""The log: one JSON object a line, whoever writes it, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api import Client, asking
from tests.support.routes import SECRET, app_of
from trueup.web.logs import LOGGER, logger, write_to
from trueup.web.services import Services

DSN = "postgresql://app:hunter2@db/app"
TOKEN = "trueup_" + "ab" * 8 + "_" + "cd" * 32 + "_" + "0f" * 4


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, as ``trueup serve`` writes it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    write_to(stream)
    yield stream
    root.handlers, root.level = before, level


@pytest.fixture
def orders(services: Services) -> Iterator[Client]:
    """Asks an app whose routes are a test's own."""
    with asking(app_of(services)) as made:
        yield made


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line(orders: Client, written: io.StringIO) -> None:
    answer = orders.ask("GET", "/orders/12345?limit=77", headers={"X-Request-Id": "f" * 32})
    (line,) = lines(written)
    assert answer.status_code == 200
    assert line.pop("at").endswith("Z")
    assert line.pop("milliseconds") >= 0
    assert line == {
        "event": "request",
        "level": "info",
        "requestId": "f" * 32,
        "method": "GET",
        "route": "/orders/{number}",
        "status": 200,
        "actor": "embedded:somebody",
        "errorId": None,
    }


def test_a_failure_is_found_by_the_id_in_its_answer(orders: Client, written: io.StringIO) -> None:
    for how, events in (("bug", ["request", "failed"]), ("source", ["cannot answer", "request"])):
        error_id = orders.ask("GET", f"/fail/{how}").json()["errorId"]
        found = [line for line in lines(written) if line["errorId"] == error_id]
        assert [line["event"] for line in found] == events
    assert SECRET not in written.getvalue()
    assert "ZeroDivisionError" in written.getvalue()


def test_what_nobody_sees_is_logged_without_its_address(orders: Client, written: io.StringIO) -> None:
    orders.ask("GET", "/somebody@example.com")
    (line,) = lines(written)
    assert (line["status"], line["route"]) == (404, None)
    assert "somebody@" not in written.getvalue()


def test_the_libraries_lines_are_json_and_redacted_too(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("cannot reach %s", DSN)
    logging.getLogger("sqlalchemy.pool").error("lost\n%s", TOKEN, exc_info=ValueError(DSN))
    first, second = lines(written)
    assert first["event"] == "cannot reach postgresql://app:***@db/app"
    assert (first["level"], first["logger"]) == ("warning", "uvicorn.error")
    assert "hunter2" not in written.getvalue()
    assert TOKEN not in written.getvalue()
    assert "ValueError" in second["exception"]


def test_an_error_that_was_answered_is_not_logged_twice(written: io.StringIO) -> None:
    """The server logs what passes by it; what has an error id in the log is there already."""
    known, unknown = ValueError("a"), ValueError("b")
    known.add_note("trueup has logged this error as 0123456789abcdef")
    for error in (known, unknown):
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    (line,) = lines(written)
    assert "ValueError: b" in line["exception"]


def test_every_value_is_redacted_and_what_is_called_a_secret_is_masked_whole(written: io.StringIO) -> None:
    logger().info(
        "event",
        place=DSN,
        listed=[DSN, {"inner": DSN}],
        authorization="Basic abc",
        nested={"client_secret": 12, "Set-Cookie": "a=b", "fine": 1.5},
        error=ValueError(DSN),
    )
    (line,) = lines(written)
    assert "hunter2" not in written.getvalue()
    assert line["authorization"] == "***"
    assert line["nested"] == {"client_secret": "***", "Set-Cookie": "***", "fine": 1.5}


def test_a_line_stays_a_line(written: io.StringIO) -> None:
    logger().info("event", text='a\nb\r\u2028"}{', more={"\n": 1})
    assert len(written.getvalue().splitlines()) == 1


def test_an_embedding_app_s_logging_is_left_alone(orders: Client, caplog: pytest.LogCaptureFixture) -> None:
    handlers = logging.getLogger().handlers[:]
    with caplog.at_level(logging.INFO, logger=LOGGER):
        orders.ask("GET", "/orders/1")
    assert logging.getLogger().handlers == handlers
    (record,) = [one for one in caplog.records if one.name == LOGGER]
    assert json.loads(record.getMessage())["event"] == "request"
