"""Connect to a host within a time limit, and only to an address that was checked first.

The name is resolved once. Every address of the answer is checked, and one of these addresses is called: a different
answer a moment later changes nothing.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from trueup.model.errors import ConfigurationError, OutgoingFailed
from trueup.model.finding import printable
from trueup.outgoing.addresses import Address, PrivateHosts, reserved_for
from trueup.outgoing.hosts import Endpoint, read_endpoint

TOTAL_SECONDS = 10.0
_MOST_TRIED = 4
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}

Resolve = Callable[[str, int], Sequence[str]]
"""From a host name and a port to addresses, the best first. Raises ``OSError``."""


class Deadline:
    """A moment after which no more waiting is allowed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds left; negative afterwards."""
        return self._ends - time.monotonic()

    @property
    def passed(self) -> bool:
        """Whether the moment has come."""
        return self.left <= 0

    def remaining(self) -> float:
        """The seconds left, to wait at most. Raises ``TimeoutError`` when there are none."""
        left = self.left
        if left <= 0:
            raise TimeoutError
        return left

    def failure(self, place: str) -> OutgoingFailed:
        """The error when the time has run out."""
        return OutgoingFailed(f"{place} did not answer in full within {self._seconds:g} seconds.")


def system_addresses(host: str, port: int) -> Sequence[str]:
    """What the machine's resolver answers."""
    return tuple(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which hosts may be called, and which certificates are trusted there.

    ``trust`` replaces the machine's own certificate authorities. ``seconds`` limits one exchange as a whole, from the
    first question to the resolver to the last byte of the answer.
    """

    private_hosts: PrivateHosts = field(default_factory=PrivateHosts)
    trust: ssl.SSLContext | None = None
    resolve: Resolve = system_addresses
    seconds: float = TOTAL_SECONDS

    @classmethod
    def beyond(
        cls,
        private_hosts: Iterable[str],
        *,
        trust: ssl.SSLContext | None = None,
        listed_in: str = "alerts.private_hosts",
    ) -> Reach:
        """Every public host, and these, which the config lists under the key ``listed_in``.

        Raises ``ConfigurationError`` for an entry that is no host.
        """
        return cls(private_hosts=PrivateHosts.read(private_hosts, listed_in=listed_in), trust=trust)

    def endpoint(self, url: str, *, named: str) -> Endpoint:
        """The web address in ``url``: https, or http where its host is private. Raises ``ConfigurationError``."""
        address = read_endpoint(url, named=named)
        if address.scheme == "http" and not self.private_hosts.lists(address.host):
            raise ConfigurationError(
                f"{named} is not encrypted; write https://, or list {address.host} in {self.private_hosts.listed_in}."
            )
        return address

    def tls(self) -> ssl.SSLContext:
        """The context that checks certificates and names: the given one, or the machine's own authorities."""
        return self.trust or ssl.create_default_context()


def dial(host: str, port: int, *, reach: Reach, deadline: Deadline) -> socket.socket:
    """A connection to ``host``, a canonical name or address. Raises ``OutgoingFailed`` or ``TimeoutError``."""
    addresses = _judge(host, _look_up(host, port, reach.resolve, deadline), reach.private_hosts)[:_MOST_TRIED]
    problem = "no reason given"
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            return _connect(address, port, timeout_seconds=deadline.remaining() / left)
        except OSError as error:
            deadline.remaining()
            problem = "no answer" if isinstance(error, TimeoutError) else (error.strerror or problem)
    raise OutgoingFailed(f"{host} port {port} cannot be connected to: {problem}.")


def _connect(address: Address, port: int, *, timeout_seconds: float) -> socket.socket:
    connection = socket.socket(_FAMILIES[address.version], socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect((str(address), port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        connection.close()
        raise
    return connection


def _look_up(host: str, port: int, resolve: Resolve, deadline: Deadline) -> Sequence[str]:
    """The addresses of ``host``. The machine's resolver has no time limit, so a separate thread asks it."""
    try:
        return (str(ip_address(host)),)
    except ValueError:
        pass
    answers: list[Sequence[str]] = []
    problems: list[str] = []

    def ask() -> None:
        try:
            answers.append(resolve(host, port))
        except (OSError, UnicodeError) as error:
            problems.append(getattr(error, "strerror", None) or "no reason given")

    asking = threading.Thread(target=ask, name="trueup-resolver", daemon=True)
    asking.start()
    asking.join(deadline.remaining())
    if problems:
        raise OutgoingFailed(f"{host} cannot be found: {printable(problems[0])}.")
    if not answers:
        raise TimeoutError
    return answers[0]


def _judge(host: str, answer: Sequence[str], private_hosts: PrivateHosts) -> Sequence[Address]:
    """The addresses of ``answer``, all of which may be called: a single forbidden one makes the answer invalid."""
    addresses = [ip_address(text) for text in dict.fromkeys(answer)]
    if not addresses:
        raise OutgoingFailed(f"{host} has no address.")
    if host in private_hosts.names:
        return addresses
    for address in addresses:
        purpose = reserved_for(address)
        if purpose and not private_hosts.holds(address):
            leads = "is" if str(address) == host else f"leads to {address}, which is"
            listed_in = private_hosts.listed_in
            raise OutgoingFailed(
                f"{host} {leads} {purpose} and not public; list it in {listed_in} if it may be called."
            )
    return addresses
