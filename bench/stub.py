"""Company ABC's shop and a message gateway in one, so light that it hardly counts."""

import asyncio
import re
import time

ORDER = re.compile(rb"B-(\d+)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
BODY = b'{"type": "power", "status": "confirmed"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
MESSAGES = 2  # what one payment run says


class Record:
    """What the stub knows: which orders still wait for messages, and which messages came too often."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[list[float], asyncio.Future[float]]] = {}
        self.doubled = 0

    def expect(self, order: int) -> "asyncio.Future[float]":
        """Done with the time (monotonic) at which the order's last message arrived."""
        last = asyncio.get_running_loop().create_future()
        self.waiting[order] = ([], last)
        return last

    def message(self, order: int) -> None:
        times, last = self.waiting[order]
        times.append(time.monotonic())
        if len(times) == MESSAGES:
            last.set_result(times[-1])
        self.doubled += len(times) > MESSAGES


class Stub(asyncio.Protocol):
    """One connection; answers every request alike, calls of the API after `wait_s`."""

    def __init__(self, record: Record, wait_s: float = 0) -> None:
        self.record, self.wait_s, self.buffer = record, wait_s, b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < whole:
                return
            request, self.buffer = self.buffer[:whole], self.buffer[whole:]
            if request.startswith(b"POST /send"):
                self.record.message(int(ORDER.search(request, end)[1]))
                self.transport.write(ANSWER)
            else:
                asyncio.get_running_loop().call_later(self.wait_s, self.transport.write, ANSWER)
