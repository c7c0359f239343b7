"""What a wire must know of two protocols: where a request ends, and where its answer does.

Leaves out what nobody here uses: TLS, several requests before an answer, prepared statements of MySQL, copying into the
server.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client says before it waits for an answer."""

    message: bytes
    is_goodbye: bool = False


class Side(Protocol):
    """What the wire knows of one kind of server."""

    def startup(self, client: socket.socket, server: socket.socket) -> int:
        """Pass on everything until the client may make requests; the server's number of the connection."""

    def request(self, client: socket.socket) -> Request:
        """The client's next request, whole."""

    def answer(self, server: socket.socket) -> bytes:
        """The server's whole answer to one request."""


class Gone(Exception):
    """One end is no longer there. ``rest`` is what had come from it."""

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__()
        self.rest = rest


def received(end: socket.socket, count: int, *, after: bytes = b"") -> bytes:
    """``after`` and exactly ``count`` more bytes. Raises ``Gone``."""
    wanted = len(after) + count
    parts = bytearray(after)
    while len(parts) < wanted:
        try:
            part = end.recv(wanted - len(parts))
        except OSError:
            part = b""
        if not part:
            raise Gone(bytes(parts))
        parts += part
    return bytes(parts)


class PostgresSide:
    """Postgres' protocol 3: a request ends with a query or a sync, an answer with "ready for query"."""

    def startup(self, client: socket.socket, server: socket.socket) -> int:
        server.sendall(self._opening(client))
        backend = 0
        while True:
            message = self._message(server)
            client.sendall(message)
            match message[:1]:
                case b"K":
                    backend = int.from_bytes(message[5:9])
                case b"Z":
                    return backend
                case b"E":
                    raise Gone
                case b"R" if int.from_bytes(message[5:9]) in (3, 5, 10, 11):
                    server.sendall(self._message(client))

    def request(self, client: socket.socket) -> Request:
        message = b""
        while True:
            part = self._message(client)
            message += part
            if part[:1] in b"QSX":
                return Request(message=message, is_goodbye=part[:1] == b"X")

    def answer(self, server: socket.socket) -> bytes:
        answer = b""
        while True:
            try:
                part = self._message(server)
            except Gone as gone:
                raise Gone(answer + gone.rest) from None
            answer += part
            if part[:1] == b"Z":
                return answer

    @staticmethod
    def _opening(client: socket.socket) -> bytes:
        head = received(client, 4)
        return received(client, int.from_bytes(head) - 4, after=head)

    @staticmethod
    def _message(end: socket.socket) -> bytes:
        head = received(end, 5)
        return received(end, int.from_bytes(head[1:]) - 4, after=head)


class MySQLSide:
    """MySQL's protocol 10 with text queries, as PyMySQL speaks it: a request is one packet."""

    _QUIT, _OK, _MORE, _SWITCH, _ERROR = 0x01, 0x00, 0x01, 0xFE, 0xFF
    _FAST_SUCCESS = b"\x01\x03"
    _LONGEST_END = 9

    def startup(self, client: socket.socket, server: socket.socket) -> int:
        greeting = self._packet(server)
        client.sendall(greeting)
        number = greeting.index(b"\0", 5) + 1
        server.sendall(self._packet(client))
        while True:
            packet = self._packet(server)
            client.sendall(packet)
            match packet[4]:
                case self._OK:
                    return int.from_bytes(greeting[number : number + 4], "little")
                case self._ERROR:
                    raise Gone
                case _ if packet[4:6] != self._FAST_SUCCESS:
                    server.sendall(self._packet(client))

    def request(self, client: socket.socket) -> Request:
        packet = self._packet(client)
        return Request(message=packet, is_goodbye=packet[4] == self._QUIT)

    def answer(self, server: socket.socket) -> bytes:
        answer = self._packet(server)
        if answer[4] in (self._OK, self._ERROR):
            return answer
        ends = 0
        while ends < 2:  # after the columns, and after the rows
            try:
                packet = self._packet(server)
            except Gone as gone:
                raise Gone(answer + gone.rest) from None
            answer += packet
            if packet[4] == self._ERROR:
                return answer
            ends += packet[4] == self._SWITCH and len(packet) - 4 < self._LONGEST_END
        return answer

    @staticmethod
    def _packet(end: socket.socket) -> bytes:
        head = received(end, 4)
        return received(end, int.from_bytes(head[:3], "little"), after=head)
