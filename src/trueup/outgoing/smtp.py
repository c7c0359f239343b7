"""Send one message to a mail server, under the same rules: the address called is the one that was checked."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from trueup.model.errors import OutgoingFailed
from trueup.outgoing.dialing import Deadline, Reach, dial

TOTAL_SECONDS = 30.0
"""Three times the limit of HTTP: mail servers make strangers wait on purpose before they greet."""

NAMELESS = "[127.0.0.1]"
"""The greeting of a machine without a full name (RFC 5321, section 4.1.3)."""

_GREETING = 220
_ACCEPTED = range(200, 300)
_REFUSED_FOR_GOOD = range(500, 600)
_CUT_AGAIN_SECONDS = 0.1


class Security(StrEnum):
    """How the connection is encrypted: by command, from its first byte, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailRefused(OutgoingFailed):
    """The server refused. ``permanent`` for an answer of 5xx (RFC 5321, section 4.2.1)."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server to send mail through, how, and as which user. ``greeting`` is this machine's name in the greeting."""

    host: str
    port: int
    security: Security
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    greeting: str = NAMELESS

    @property
    def place(self) -> str:
        """The server for people."""
        return f"{self.host} port {self.port}"


def hand_in(
    server: MailServer,
    reach: Reach,
    *,
    sender: str,
    recipients: Sequence[str],
    message: Callable[[Sequence[str]], bytes],
    seconds: float = TOTAL_SECONDS,
) -> None:
    """Send one message to every recipient that the server accepts.

    ``message`` makes the message and is given the recipients that were refused, so that the others read of it. Raises
    ``MailRefused`` when the server takes nothing, ``OutgoingFailed`` when it cannot be spoken to in time.
    """
    deadline = Deadline(seconds)
    client = _Client(server, reach, deadline)
    try:
        with _cut_off_at(deadline, client):
            client.begin()
            _transfer(client, sender, recipients, message)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()  # the server has accepted the message
    except smtplib.SMTPResponseException as error:
        raise _refusal(server, error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        if deadline.passed:
            raise deadline.failure(server.place) from None
        raise OutgoingFailed(f"{server.place} {_problem(error)}.") from None
    finally:
        client.close()


class _Client(smtplib.SMTP):
    """The library's client over an own connection. It looks up no names."""

    def __init__(self, server: MailServer, reach: Reach, deadline: Deadline) -> None:
        super().__init__(local_hostname=server.greeting)
        self._server = server
        self._reach = reach
        self._deadline = deadline
        self._host = server.host  # the name that the library's STARTTLS asks a certificate for

    def begin(self) -> None:
        """Connect, encrypt and log in, as the server's settings say."""
        server, trust = self._server, self._reach.tls()
        connection = dial(server.host, server.port, reach=self._reach, deadline=self._deadline)
        self.sock = connection  # from here on it is closed with the client
        connection.settimeout(self._deadline.remaining())
        if server.security is Security.TLS:
            self.sock = trust.wrap_socket(connection, server_hostname=server.host)
        _expect(self.getreply(), _GREETING)
        if server.security is Security.STARTTLS:
            self.starttls(context=trust)
        if server.user is not None and server.password is not None:
            self.login(server.user, server.password)
        else:
            _expect(self.ehlo())

    def getreply(self) -> tuple[int, bytes]:
        """The server's answer, once all of it is there."""
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        return super().getreply()

    def cut(self) -> None:
        """End every wait on the connection, from another thread."""
        if self.sock is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own: that one forgets the encryption first, and a write could still get through.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _WholeLines:
    """The stream read from the server. To the library a "250" that was cut off in the middle would mean success."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readline(self, limit: int) -> bytes:
        """One line with its end, or as much as ``limit`` allows; nothing where the connection ended within it."""
        line = self._file.readline(limit)
        return line if line.endswith(b"\n") or len(line) == limit else b""

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


def _transfer(
    client: _Client, sender: str, recipients: Sequence[str], message: Callable[[Sequence[str]], bytes]
) -> None:
    _expect(client.mail(sender))
    answers = {recipient: client.rcpt(recipient) for recipient in recipients}
    refused = [recipient for recipient, (code, _) in answers.items() if code not in _ACCEPTED]
    if len(refused) == len(answers):
        # Another try is worthwhile as long as one of them may be accepted later.
        code = min(code for code, _ in answers.values())
        raise smtplib.SMTPResponseException(code, b"")
    _expect(client.data(message(refused)))


def _expect(answer: tuple[int, bytes], wanted: int | None = None) -> None:
    code, text = answer
    if code != wanted if wanted else code not in _ACCEPTED:
        raise smtplib.SMTPResponseException(code, text)


@contextlib.contextmanager
def _cut_off_at(deadline: Deadline, client: _Client) -> Iterator[None]:
    """The library limits each wait and not their sum; a server that answers too slowly is cut off from outside."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(max(deadline.left, _CUT_AGAIN_SECONDS)):
            client.cut()  # again and again: an encryption that was just agreed on replaces the connection

    watching = threading.Thread(target=watch, name="trueup-mail-deadline", daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()


def _refusal(server: MailServer, code: int) -> MailRefused:
    permanent = code in _REFUSED_FOR_GOOD
    mend = "; check the user, the password and the addresses" if permanent else "; it may be temporary"
    return MailRefused(f"{server.place} answered {code}{mend}.", permanent=permanent)


def _problem(error: Exception) -> str:
    match error:
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            return "offers no encryption, or none of the ways to log in that are known here"
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not trusted ({error.verify_message.rstrip('.')})"
        case ssl.SSLError():
            return "could not agree on an encrypted connection"
        case _:
            return "closed the connection in the middle"
