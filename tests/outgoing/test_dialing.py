"""The address that is dialled is the one that was judged, and nothing takes longer than it may."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from tests.support.receivers import tcp_script
from trueup.model.errors import OutgoingFailed
from trueup.outgoing.addresses import PrivateHosts
from trueup.outgoing.dialing import Deadline, Reach, Resolve, dial

LOOPBACK = PrivateHosts.read(["127.0.0.0/8"])


class Names:
    """A resolver that gives one answer after the other, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def peer_of(host: str, port: int, resolve: Resolve, hosts: PrivateHosts = LOOPBACK) -> str:
    reach = Reach(private_hosts=hosts, resolve=resolve)
    with contextlib.closing(dial(host, port, reach=reach, deadline=Deadline(5))) as connection:
        return str(connection.getpeername()[0])


def test_an_answer_that_changes_after_the_check_changes_nothing() -> None:
    names = Names(["127.0.0.2"], ["127.0.0.3"])
    with socket.create_server(("127.0.0.2", 0)) as listening:
        port = listening.getsockname()[1]
        assert peer_of("hooks.example", port, names) == "127.0.0.2"
    assert names.asked == ["hooks.example"]


@pytest.mark.parametrize("bad", ["10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"])
@pytest.mark.parametrize("first", [True, False])
def test_one_bad_address_among_good_ones_spoils_the_answer(bad: str, first: bool) -> None:
    good = ["127.0.0.2", "1.1.1.1"]
    names = Names([bad, *good] if first else [*good, bad])
    with (
        socket.create_server(("127.0.0.2", 0)) as listening,
        pytest.raises(OutgoingFailed, match=r"hooks\.example leads to .*, which is .* and not public; list it"),
    ):
        peer_of("hooks.example", listening.getsockname()[1], names)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.1", "fd00::1"])
def test_an_address_in_place_of_a_name_is_judged_too(host: str) -> None:
    with pytest.raises(OutgoingFailed, match=f"{host} is .* and not public"):
        peer_of(host, 443, Names([]), PrivateHosts())


def test_localhost_of_this_machine_is_refused_by_what_it_leads_to() -> None:
    with pytest.raises(OutgoingFailed, match=r"localhost leads to .*, which is loopback and not public"):
        dial("localhost", 443, reach=Reach(), deadline=Deadline(5))


def test_a_listed_name_may_lead_anywhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hosts = PrivateHosts.read(["sink.internal"])
        assert peer_of("sink.internal", listening.getsockname()[1], Names(["127.0.0.1"]), hosts) == "127.0.0.1"


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with socket.create_server(("127.0.0.3", 0)) as listening:
        names = Names(["127.0.0.2", "127.0.0.3"])
        assert peer_of("hooks.example", listening.getsockname()[1], names) == "127.0.0.3"


def test_a_host_that_nobody_listens_on_is_named_with_its_port() -> None:
    with socket.create_server(("127.0.0.2", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OutgoingFailed, match=f"hooks.example port {port} cannot be connected to: Connection refused"):
        peer_of("hooks.example", port, Names(["127.0.0.2"]))


def test_a_name_that_does_not_exist_is_named() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(OutgoingFailed, match=r"hooks\.example cannot be found: Name or service not known\."):
        peer_of("hooks.example", 443, unknown)


def test_a_name_without_addresses_is_named() -> None:
    with pytest.raises(OutgoingFailed, match=r"hooks\.example has no address\."):
        peer_of("hooks.example", 443, Names([]))


def test_a_resolver_that_never_answers_is_not_waited_for() -> None:
    asked = threading.Event()

    def silent(host: str, port: int) -> Sequence[str]:
        asked.wait(5)
        return []

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        dial("hooks.example", 443, reach=Reach(resolve=silent), deadline=Deadline(0.2))
    asked.set()
    assert time.monotonic() - started < 2


def test_the_system_is_asked_for_names_without_a_resolver_of_ones_own() -> None:
    with tcp_script() as port:
        reach = Reach(private_hosts=PrivateHosts.read(["localhost"]))
        dial("localhost", port, reach=reach, deadline=Deadline(5)).close()
