"""The stream that httpcore sends and receives through: an own connection, every step within one time limit."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from trueup.model.errors import OutgoingFailed
from trueup.outgoing.dialing import Deadline, Reach, dial


class Backend(httpcore.NetworkBackend):
    """Connects for one exchange. httpcore's own time limits are per step, and are not used."""

    def __init__(self, reach: Reach, deadline: Deadline) -> None:
        self._reach = reach
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """A stream to an address of ``host`` that may be dialled."""
        return Stream(dial(host, port, reach=self._reach, deadline=self._deadline), self._deadline)


class Stream(httpcore.NetworkStream):
    """One connection. A step raises ``TimeoutError`` when the time is up, also while bytes still drip in."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore's signature
        """At most ``max_bytes``; none at the end."""
        self._connection.settimeout(self._deadline.remaining())
        try:
            return self._connection.recv(max_bytes)
        except TimeoutError:
            raise
        except OSError as error:
            raise httpcore.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore's signature
        """Send everything."""
        rest = memoryview(buffer)
        while rest:
            self._connection.settimeout(self._deadline.remaining())
            try:
                rest = rest[self._connection.send(rest) :]
            except TimeoutError:
                raise
            except OSError as error:  # httpcore then still reads what the other side answered before it closed
                raise httpcore.WriteError from error

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted; the certificate is for ``server_hostname`` or there is no connection."""
        try:
            self._connection.settimeout(self._deadline.remaining())
            self._connection = ssl_context.wrap_socket(self._connection, server_hostname=server_hostname)
        except TimeoutError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise OutgoingFailed(
                f"{server_hostname} could not agree on an encrypted connection: {_tls_problem(error)}."
            ) from error
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002 - httpcore's signature
        """Nothing: HTTP/2, which would ask, is not spoken."""
        return None


def _tls_problem(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason).replace("_", " ").lower() if reason else "it closed the connection"
