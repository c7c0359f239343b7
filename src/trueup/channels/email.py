"""E-mail, through a mail server that accepts mail from you (SMTP).

    [alerts.channels.finance]
    kind = "email"
    host = "smtp.example.com"
    from = "trueup@example.com"
    to = ["billing-ops@example.com"]
    user = "trueup"
    password = "${SMTP_PASSWORD}"
    # security = "tls"    # encrypted from the first byte; "starttls" otherwise; "none" only to a private host
    # port = 465          # where it is not 587 (starttls), 465 (tls) or 25 (none)

The message is plain text with at most fifty findings, the most urgent first. Messages about one trouble form one
thread. When the server refuses some of the recipients, the message to the others says so. Sending may take thirty
seconds in all.
"""

from __future__ import annotations

import email.policy
import email.utils
import hashlib
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage

from trueup.channels.delivery import failed_delivery
from trueup.channels.kind import Opening
from trueup.channels.wording import cleaned, facts, headline, item_lines, more_line, shorten, unlisted
from trueup.model.alert import Alert
from trueup.model.errors import OutgoingFailed
from trueup.model.options import option
from trueup.outgoing.dialing import Reach
from trueup.outgoing.hosts import HIGHEST_PORT, canonical_host
from trueup.outgoing.smtp import NAMELESS, TOTAL_SECONDS, MailRefused, MailServer, Security, hand_in

SUBJECT_LENGTH = 200
LINE_LENGTH = 1000
MOST_ITEMS = 50
MOST_RECIPIENTS = 50
ADDRESS_LENGTH = 254

_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?P<domain>[^@]+)")
# Text that mail programs turn into a link by themselves: an address with its scheme, and a name that starts with www.
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of an e-mail channel."""

    host: str = option("The mail server.")
    sender: str = option("The sender's address.", name="from")
    to: tuple[str, ...] = option("The recipients: one address or a list of them.")
    user: str | None = option("The user to log in as; without it there is no login.", default=None)
    password: str | None = option("The user's password.", default=None, secret=True)
    security: str = option(
        'How the connection is encrypted: "starttls", "tls" from the first byte, or "none", to a private host only.',
        default="starttls",
    )
    port: int | None = option("The server's port, where it is not 587, 465 (tls) or 25 (none).", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    """Writes a message and sends it."""

    name: str
    server: MailServer
    sender: str
    recipients: tuple[str, ...]
    reach: Reach
    clock: Callable[[], datetime]
    seconds: float = TOTAL_SECONDS

    def send(self, alert: Alert) -> None:
        """Send the message. Raises ``DeliveryFailed``."""
        clean_alert, now = cleaned(alert), self.clock()

        def message(refused: Sequence[str]) -> bytes:
            written = write(
                clean_alert,
                sender=self.sender,
                recipients=self.recipients,
                refused=refused,
                message_id=alert.message_id,
                now=now,
            )
            return written.as_bytes(policy=email.policy.SMTP)

        try:
            hand_in(
                self.server,
                self.reach,
                sender=self.sender,
                recipients=self.recipients,
                message=message,
                seconds=self.seconds,
            )
        except MailRefused as error:
            raise failed_delivery(self.name, str(error), permanent=error.permanent) from None
        except OutgoingFailed as error:
            raise failed_delivery(self.name, str(error), permanent=False) from None


def write(
    alert: Alert,
    *,
    sender: str,
    recipients: Sequence[str],
    refused: Sequence[str] = (),
    message_id: str,
    now: datetime,
) -> EmailMessage:
    """The message. ``now`` is naive UTC; ``refused`` are the recipients that the server refused."""
    domain = sender.rpartition("@")[2]
    thread = hashlib.sha256(alert.dedup_key.encode()).hexdigest()[:32]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    _set_subject(message, subject(alert))
    message["Date"] = email.utils.format_datetime(now.replace(tzinfo=UTC))
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["References"] = f"<{thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday notices in return (RFC 3834)
    message.set_content("\n".join(_lines(alert, refused)) + "\n", charset="utf-8", cte="quoted-printable")
    return message


def _set_subject(message: EmailMessage, text: str) -> None:
    """Encode a subject that is not ASCII as a whole: word by word, the library loses blanks between encoded words."""
    if text.isascii():
        message["Subject"] = text
    else:
        message.set_raw("Subject", Header(text, "utf-8", header_name="Subject").encode())


def subject(alert: Alert) -> str:
    """One line. "=?" would begin an encoded word, in which anything could hide (RFC 2047)."""
    return shorten(headline(alert), SUBJECT_LENGTH).replace("=?", "= ?")


def without_links(text: str) -> str:
    """``text`` in which a mail program finds nothing to click on.

    >>> without_links("see https://evil.example or www.evil.example")
    'see https[:]//evil.example or www[.]evil.example'
    """
    return _LINK.sub(lambda match: "[:]//" if match.group() == "://" else f"{match.group()[:-1]}[.]", text)


def show(alert: Alert) -> str:
    """Return what is sent for the alert, as the manual shows it."""
    sender, recipients = "trueup@example.com", ["billing-ops@example.com"]
    message = write(cleaned(alert), sender=sender, recipients=recipients, message_id=alert.message_id, now=alert.at)
    headers = [f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date")]
    return "\n".join([*headers, "", message.get_content()])


def open_channel(options: Options, opening: Opening) -> EmailChannel:
    """Open the channel. Raises ``ConfigurationError`` for a server, an address or a login that cannot be right."""
    recipients = tuple(dict.fromkeys(options.to))
    if len(recipients) > MOST_RECIPIENTS:
        raise opening.complaint("to", f"holds more than {MOST_RECIPIENTS} addresses; write to a list instead")
    for name, address in (("from", options.sender), *(("to", address) for address in recipients)):
        if not _is_address(address):
            raise opening.complaint(name, "must hold plain addresses such as billing-ops@example.com")
    return EmailChannel(
        name=opening.name,
        server=_server(options, opening),
        sender=options.sender,
        recipients=recipients,
        reach=opening.reach,
        clock=opening.clock,
    )


def _server(options: Options, opening: Opening) -> MailServer:
    host = canonical_host(options.host)
    if host is None:
        raise opening.complaint("host", "must be a host name or an address, without a port")
    if options.security not in tuple(Security):
        raise opening.complaint("security", 'must be "starttls", "tls" or "none"')
    security = Security(options.security)
    if security is Security.NONE and not opening.reach.private_hosts.lists(host):
        raise opening.complaint("security", f'is "none"; encrypt, or list {host} in alerts.private_hosts')
    if (options.user is None) != (options.password is None):
        raise opening.complaint("user", "and password belong together: give both or neither")
    if security is Security.NONE and options.user is not None:
        raise opening.complaint("security", 'is "none", which would send the password unencrypted')
    for secret, value in (("user", options.user), ("password", options.password)):
        if value is not None and not (value.isascii() and value.isprintable()):
            raise opening.complaint(secret, "holds characters beyond ASCII, which mail servers read differently")
    port = _PORTS[security] if options.port is None else options.port
    if not 0 < port <= HIGHEST_PORT:
        raise opening.complaint("port", f"must be a port, 1 to {HIGHEST_PORT}")
    name = canonical_host(socket.gethostname())
    greeting = name if name and "." in name else NAMELESS
    return MailServer(
        host=host, port=port, security=security, user=options.user, password=options.password, greeting=greeting
    )


def _is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and len(text) <= ADDRESS_LENGTH and canonical_host(match["domain"]) is not None


def _lines(alert: Alert, refused: Sequence[str]) -> Iterator[str]:
    yield from (shorten(without_links(line), LINE_LENGTH) for line in (*alert.summary, ""))
    for label, value in facts(alert):
        yield shorten(f"{label}: {without_links(value)}", LINE_LENGTH)
    shown = alert.items[:MOST_ITEMS]
    for item in shown:
        first, second = (shorten(without_links(line), LINE_LENGTH) for line in item_lines(item))
        yield from ("", first, f"    {second}")
    if more := unlisted(alert, shown):
        yield from ("", more_line(more))
    if alert.links:
        yield ""
    yield from (f"{without_links(label)}: {url}" for label, url in alert.links.items())
    if refused:
        yield from ("", f"The mail server refused this message for: {', '.join(refused)}")
