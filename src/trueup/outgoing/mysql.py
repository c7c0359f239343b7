"""Connect to MySQL: the driver's connect timeout covers only the TCP connection, this one also the first answer."""

from __future__ import annotations

import ssl
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from trueup.model.address import TLS_OPTIONS, Address

_LOST = 2013


def connect_to_mysql(
    address: Address, *, connect_seconds: int, read_seconds: int, **options: Any
) -> pymysql.Connection[Cursor]:
    """A connection, every step of whose handshake took no longer than ``connect_seconds``.

    Raises the driver's errors, and ``pymysql.OperationalError`` for a server that accepts and does not speak MySQL.
    """
    verifies = bool(TLS_OPTIONS & address.options.keys())
    connection = pymysql.connect(
        **address.for_mysql(),
        connect_timeout=connect_seconds,
        read_timeout=connect_seconds,
        write_timeout=connect_seconds,
        ssl_disabled=not verifies,
        defer_connect=True,
        **options,
    )
    if not verifies:
        _encrypt_where_the_server_can(connection)
    try:
        connection.connect()
    except pymysql.OperationalError as error:
        if error.args and error.args[0] == _LOST and isinstance(error.__cause__ or error.__context__, TimeoutError):
            message = f"it accepts connections but did not speak MySQL within {connect_seconds} seconds"
            raise pymysql.OperationalError(_LOST, message) from None
        raise
    # The driver takes its limits at every read and offers no other way to change them.
    connection._read_timeout = read_seconds  # type: ignore[attr-defined]  # noqa: SLF001
    connection._write_timeout = None  # type: ignore[attr-defined]  # noqa: SLF001
    return connection


def _encrypt_where_the_server_can(connection: pymysql.Connection[Cursor]) -> None:
    """Let it do what the driver does without TLS options, but for reading every authority of the machine first.

    None of them is asked without options, and reading them takes 16 ms of processor time a connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection.ssl = True
    connection.ctx = context  # type: ignore[attr-defined]  # the stubs lack it
