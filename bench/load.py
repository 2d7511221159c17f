"""Sends orders to a door and waits for their messages."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import NamedTuple

from stub import LENGTH, Record

PATIENCE_S = 90


class Times(NamedTuple):
    """Of one run (monotonic): the request was sent, its 202 came, its last message arrived."""

    sent: float
    acked: float
    done: float


class Door(asyncio.Protocol):
    """One kept connection to the web process."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport, self.buffer, self.answered = transport, b"", None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        found = LENGTH.search(self.buffer, 0, end) if end >= 0 else None
        if found and len(self.buffer) >= end + 4 + int(found[1]):
            head, self.buffer = self.buffer[:end], b""
            self.answered.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_exception(ConnectionError("the door closed"))


class Load:
    """Payment orders, each with a number of its own."""

    taken = 202

    def __init__(self, url: str, record: Record) -> None:
        self.host, self.path = url.split("/")[2], "/" + url.split("/", 3)[3]
        self.number, self.record = int(time.time()) * 1000, record

    async def closed(self, runs: int, in_flight: int) -> list[Times]:
        """`in_flight` runs at any time until `runs` are done."""
        return await self._by_hands(self._run, runs, in_flight)

    async def knocks(self, requests: int, in_flight: int) -> list[Times]:
        """`in_flight` requests at any time until `requests` are acknowledged; nobody waits for their messages."""
        return await self._by_hands(self._send, requests, in_flight)

    async def _by_hands(self, do: Callable, count: int, hands: int) -> list[Times]:
        left, found = iter(range(count)), []

        async def hand() -> None:
            door = await self._connected()
            for _ in left:
                door, times = await do(door)
                found.append(times)
            door.transport.close()

        await asyncio.gather(*(hand() for _ in range(hands)))
        return found

    async def paced(self, per_s: float, runs: int) -> list[Times]:
        """One run each 1/per_s seconds, whatever became of the others."""

        async def one() -> Times:
            door, times = await self._run(await self._connected())
            door.transport.close()
            return times

        began, tasks = time.monotonic(), []
        for k in range(runs):
            await asyncio.sleep(max(0, began + k / per_s - time.monotonic()))
            tasks.append(asyncio.create_task(one()))
        return await asyncio.gather(*tasks)

    async def _connected(self) -> Door:
        host, port = self.host.split(":")
        return (await asyncio.get_running_loop().create_connection(Door, host, int(port)))[1]

    async def _run(self, door: Door) -> tuple[Door, Times]:
        done = self.record.expect(self.number + 1)
        door, times = await self._send(door)
        return door, times._replace(done=await asyncio.wait_for(done, PATIENCE_S))

    async def _send(self, door: Door) -> tuple[Door, Times]:
        self.number += 1
        raw = self._order(self.number)
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
        sent = time.monotonic()
        if door.transport.is_closing():
            door = await self._connected()
        door.answered = asyncio.get_running_loop().create_future()
        door.transport.write(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
        status = await door.answered
        if status != self.taken:
            raise RuntimeError(f"the door answered {status}")
        acked = time.monotonic()
        return door, Times(sent, acked, acked)

    def _order(self, number: int) -> bytes:
        order = {"status": "failed", "order_id": f"B-{number}", "customer_id": "c-42", "amount": 5}
        return json.dumps(order | {"email": "a@example.com", "phone": "+919800000001"}).encode()
