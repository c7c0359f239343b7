"""Spark for tests: Sail, a Spark Connect server in a wheel, and real Spark where it is installed."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa
import pytest
from sqlglot import expressions as exp

from trueup.engines.spark import Spark, supply
from trueup.engines.spark_tables import connect
from trueup.engines.sql import sources_of

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

START_SECONDS = 120
_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"


class Sail(Spark):
    """Sail, which lacks some of what Spark has (0.7.2). Each method says what, and does the same in another way."""

    name = "sail"

    def _adapted(self, tree: exp.Expr) -> exp.Expr:
        for having in tree.find_all(exp.Having):
            _name_tables(having)
        for case in tree.find_all(exp.Case):
            _show_type_first(case)
        _tell_apart(list(tree.find_all(exp.Case)))
        for select in list(tree.find_all(exp.Select)):
            if select.args.get("windows") and isinstance(select.parent, exp.SetOperation):
                select.replace(exp.Subquery(this=select.copy()))  # it parses no UNION after a WINDOW clause
        for select in list(tree.find_all(exp.Select)):
            _ask_below(select)
        return tree

    def _keep(self, name: str, text: str) -> None:
        """It keeps no rows of a query: its ``persist`` does nothing, and it has no checkpoint in memory."""
        rows = self._session.sql(text).toArrow()
        supply(self._session, name, rows.cast(pa.schema([field.with_nullable(True) for field in rows.schema])))


def _name_tables(having: exp.Having) -> None:
    """It takes an aggregated column of HAVING for the output column of the same name."""
    select = having.find_ancestor(exp.Select)
    sources = sources_of(select) if select is not None else []
    for function in having.find_all(exp.AggFunc) if len(sources) == 1 else ():
        for column in function.find_all(exp.Column):
            column.set("table", exp.to_identifier(sources[0].alias_or_name))


def _show_type_first(case: exp.Case) -> None:
    """It gives a CASE the type of its first arm: ``CASE WHEN c THEN 0 ELSE 1.5 END`` is an integer."""
    arms = case.args["ifs"]
    first, *others = [*(arm.args["true"] for arm in arms), case.args.get("default") or exp.Null()]
    typed = next((arm for arm in others if not isinstance(arm, (exp.Literal, exp.Null))), None)
    if typed is not None and isinstance(first, exp.Literal) and not first.is_string:
        never = exp.false() if case.this is None else exp.Null()
        case.set("ifs", [exp.If(this=never, true=typed.copy()), *arms])


def _tell_apart(cases: Sequence[exp.Case]) -> None:
    """It computes a CASE that is there twice only once, and then disagrees with itself whether that may be NULL."""
    texts: set[str] = set()
    for case in cases:
        arm = case.args["ifs"][0].args["true"]
        if case.sql() in texts and isinstance(arm, exp.Column):
            arm.replace(exp.Least(this=arm.copy(), expressions=[arm.copy()]))
        texts.add(case.sql())


def _ask_below(select: exp.Select) -> None:
    """It plans no IN among what is selected, so one is made a column of what is selected from, where that is alone.

    In these queries no value of the subquery is NULL.
    """
    nodes = [node for column in select.selects for node in column.find_all(exp.In)]
    questions = [node for node in nodes if node.args.get("query") and node.find_ancestor(exp.Select) is select]
    sources = sources_of(select)
    if not questions or len(sources) != 1:
        return
    alias = sources[0].alias_or_name
    answers = []
    for number, question in enumerate(questions):
        query = question.args["query"].this
        (column,) = query.selects
        same = exp.EQ(this=exp.column(column.alias_or_name, table="among"), expression=question.this.copy())
        count = exp.select(exp.Count(this=exp.Star())).from_(query.copy().subquery("among")).where(same)
        answers.append(exp.GT(this=count.subquery(), expression=exp.Literal.number(0)).as_(f"is_among_{number}"))
        question.replace(exp.column(f"is_among_{number}", table=alias))
    below = exp.select(f"{alias}.*", *answers).from_(sources[0].copy())
    sources[0].replace(below.subquery(alias))


def sail_session() -> SparkSession:
    """Return a new session of a Sail server in this process."""
    return connect(sail_url())


@functools.cache
def sail_url() -> str:
    """Start a Sail server in this process, and return its address."""
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - not installed everywhere

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    _servers.append(server)
    return f"sc://{host}:{port}"


_servers: list[object] = []


@contextlib.contextmanager
def spark_server(*, cores: int = 2, memory: str = "3g") -> Iterator[str]:
    """Start a Spark Connect server on this machine, and yield its address. Skips the test where there is no Spark."""
    home = spark_home()
    if home is None:
        missing("real Spark: set SPARK_HOME to a pyspark 4 with its jars, and install a Java 17 runtime")
    if "TRUEUP_SPARK_URL" in os.environ:
        yield os.environ["TRUEUP_SPARK_URL"]
        return
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(cores),
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        command = [str(home / "bin" / "spark-submit"), "--master", f"local[{cores}]", "--driver-memory", memory]
        server = subprocess.Popen(
            [*command, "--class", _CLASS, *options, "spark-internal"],
            cwd=folder,
            env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)},
            stdout=log,
            stderr=log,
        )
        try:
            wait_for_port(port, server)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def spark_home() -> Path | None:
    """Return the folder of a Spark that can serve here; None where there is none, or no Java."""
    home = os.environ.get("SPARK_HOME", "")
    return Path(home) if home and shutil.which("java") and (Path(home) / "bin" / "spark-submit").exists() else None


def missing(what: str) -> NoReturn:
    """Skip the test, saying what is missing."""
    pytest.skip(f"needs {what}")


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    pytest.fail(f"Spark did not listen on port {port}")
