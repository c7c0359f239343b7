"""Rows of MySQL's text protocol as Arrow columns, cut out of the bytes as they came: no Python object for each value.

The driver makes an object of every packet and of every value in it, which takes several times as long as the server
needs to send them. Here only where a row begins is looked for in Python
(https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
from pymysql.constants import CR
from pymysql.protocol import MysqlPacket

BATCH_BYTES = 8 * 2**20
READ_BYTES = 2**20
_HEADER_BYTES = 4
_LONGEST_PACKET = 2**24 - 1
"""A row that does not fit into a packet of this length goes on in the next one."""
_NULL = 251
_WIDE_LENGTHS = {252: 2, 253: 3, 254: 8}
"""What a length of 251 or more begins with, and how many bytes it then has."""
_PADDING = bytes(9)
"""After the last row, so that the bytes of a wide length can be looked up at every row."""
_EOF, _ERROR = 0xFE, 0xFF
_EOF_BELOW_BYTES = 9  # a longer packet that begins with 0xFE is a row whose first value has 16 MiB or more


def read_columns(connection: Any, field_count: int) -> Iterator[list[pa.Array]]:
    """Read the rows of the running query to their end, in batches of one binary array a column.

    Raises the driver's own errors: of the server, and of a connection that is lost.
    """
    packets = _RowPackets(connection)
    while not packets.is_at_end:
        packets.read()
        if packets.starts:
            rows, starts = packets.take()
            yield _cut_columns(rows, starts, field_count)


class _RowPackets:
    """The bytes that have come and are not cut up yet, and where in them the values of each whole row begin."""

    def __init__(self, connection: Any) -> None:
        self.is_at_end = False
        self.starts: list[int] = []
        self._connection = connection
        self._bytes = bytearray()
        self._next = 0

    def read(self) -> None:
        """Read until there is enough for a batch, or to the end of the result."""
        while not self.is_at_end and self._next < BATCH_BYTES:
            self._bytes += self._receive()
            self._find_rows()

    def take(self) -> tuple[pa.Buffer, list[int]]:
        """Return the whole rows' bytes and the place in them where each row's first value begins, and forget them."""
        rest = self._bytes[self._next :]
        del self._bytes[self._next :]
        self._bytes += _PADDING
        rows, starts = pa.py_buffer(self._bytes), self.starts
        self._bytes, self.starts, self._next = rest, [], 0
        return rows, starts

    def _receive(self) -> bytes:
        try:
            received: bytes = self._connection._rfile.read1(READ_BYTES)  # noqa: SLF001 - the driver has no other way
        except OSError as error:
            raise self._lost(f" ({error})") from None
        if not received:
            raise self._lost()
        return received

    def _find_rows(self) -> None:
        data, at, end, add_start = self._bytes, self._next, len(self._bytes), self.starts.append
        number: int = self._connection._next_seq_id  # noqa: SLF001 - as above
        while end - at > _HEADER_BYTES:
            size = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            after = at + _HEADER_BYTES + size
            if after > end:
                break
            if data[at + 3] != number:
                raise self._lost(f" (packet {data[at + 3]} where {number} was due)")
            if size == _LONGEST_PACKET:
                joined = self._join_packets(after, number)
                if joined is None:
                    break
                after, number = joined
                end = len(data)
            elif (first := data[at + _HEADER_BYTES]) >= _EOF and (first == _ERROR or size < _EOF_BELOW_BYTES):
                self._end(bytes(data[at + _HEADER_BYTES : after]))
                at = after
                break
            add_start(at + _HEADER_BYTES)
            number = (number + 1) & 255
            at = after
        self._next = at
        self._connection._next_seq_id = number  # noqa: SLF001 - as above

    def _join_packets(self, after: int, number: int) -> tuple[int, int] | None:
        """Take the headers out of a row that goes on in further packets; None while not all of them have come.

        Returns where the row then ends, and the number of its last packet.
        """
        data, headers, size = self._bytes, [], _LONGEST_PACKET
        while size == _LONGEST_PACKET:
            if len(data) < after + _HEADER_BYTES:
                return None
            headers.append(after)
            size = int.from_bytes(data[after : after + 3], "little")
            number = (number + 1) & 255
            if data[after + 3] != number:
                raise self._lost(f" (packet {data[after + 3]} where {number} was due)")
            after += _HEADER_BYTES + size
        if len(data) < after:
            return None
        for header in reversed(headers):
            del data[header : header + _HEADER_BYTES]
        return after - _HEADER_BYTES * len(headers), number

    def _end(self, packet: bytes) -> None:
        """The result is over: let the driver know, and raise the server's error if that is how it ended."""
        result = self._connection._result  # noqa: SLF001 - as above
        result.unbuffered_active, result.connection = False, None
        self.is_at_end = True
        if packet[0] == _ERROR:
            MysqlPacket(packet, self._connection.encoding).raise_for_error()

    def _lost(self, detail: str = "") -> pymysql.OperationalError:
        self._connection._force_close()  # noqa: SLF001 - as above
        return pymysql.OperationalError(CR.CR_SERVER_LOST, f"Lost connection to MySQL server during query{detail}")


def _cut_columns(rows: pa.Buffer, starts: list[int], field_count: int) -> list[pa.Array]:
    """Cut the columns out one after the other: a value begins where the value before it in its row ends."""
    octets = pa.Array.from_buffers(pa.uint8(), rows.size, [None, rows])
    at = pa.array(starts, pa.int32())
    in_turn, every_second = _in_turn(len(at)), _every_second(len(at))
    columns = []
    for _ in range(field_count):
        first = octets.take(at)
        is_null = pc.equal(first, pa.scalar(_NULL, pa.uint8()))
        begins, sizes = pc.add(at, _int(1)), first.cast(pa.int32())
        if pc.max(first).as_py() >= _NULL:
            sizes = pc.if_else(is_null, _int(0), sizes)
            begins, sizes = _with_wide_lengths(octets, first, begins, sizes)
        at = pc.add(begins, sizes)
        bounds = pa.concat_arrays([begins, at]).take(in_turn)
        columns.append(_cut_values(rows, bounds, every_second, is_null))
    return columns


def _with_wide_lengths(
    octets: pa.Array, first: pa.Array, begins: pa.Array, sizes: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """Where the values really begin and how long they are, for those whose length is written in several bytes."""
    for code, width in _WIDE_LENGTHS.items():
        is_wide = pc.equal(first, pa.scalar(code, pa.uint8()))
        if not pc.any(is_wide).as_py():
            continue
        length = pa.scalar(0, pa.int64())
        for place in range(width):
            octet = octets.take(pc.add(begins, _int(place))).cast(pa.int64())
            length = pc.add(length, pc.shift_left(octet, pa.scalar(8 * place, pa.int64())))
        sizes = pc.if_else(is_wide, pc.if_else(is_wide, length, pa.scalar(0, pa.int64())).cast(pa.int32()), sizes)
        begins = pc.if_else(is_wide, pc.add(begins, _int(width)), begins)
    return begins, sizes


def _cut_values(rows: pa.Buffer, bounds: pa.Array, every_second: pa.Array, is_null: pa.Array) -> pa.Array:
    """The values as an array of their own.

    The whole bytes are first taken for one array, whose elements are in turn a value and what lies between it and the
    next; of these every second one is kept.
    """
    count = len(every_second)
    values_and_gaps = pa.Array.from_buffers(pa.binary(), 2 * count - 1, [None, bounds.buffers()[1], rows])
    _, offsets, values = values_and_gaps.take(every_second).buffers()
    return pa.Array.from_buffers(pa.binary(), count, [pc.invert(is_null).buffers()[1], offsets, values])


def _in_turn(count: int) -> pa.Array:
    """0, n, 1, n + 1, …: in turn an element of a first half and one of a second."""
    numbers = _numbers(2 * count)
    return pc.add(pc.shift_right(numbers, _int(1)), pc.multiply(pc.bit_wise_and(numbers, _int(1)), _int(count)))


def _every_second(count: int) -> pa.Array:
    return pc.multiply(_numbers(count), _int(2))


def _numbers(count: int) -> pa.Array:
    return pc.subtract(pc.cumulative_sum(pa.repeat(_int(1), count)), _int(1))


def _int(value: int) -> pa.Scalar:
    return pa.scalar(value, pa.int32())
