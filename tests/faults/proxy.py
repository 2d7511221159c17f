"""A TCP proxy between the system and its database or broker: it can be down, and it can cut a COMMIT's answer off."""

import contextlib
import random
import select
import socket
import struct
import threading
from urllib.parse import SplitResult, urlsplit

SSL_REQUEST = struct.pack("!II", 8, 80877103)  # of PostgreSQL's protocol; we answer that we speak plainly
COMMIT = b"COMMIT\0"


class Proxy:
    """Listens on a port of its own for what goes to `url`."""

    def __init__(self, url: str, port: int) -> None:
        self.parts, self.aim = urlsplit(url), (urlsplit(url).hostname or "127.0.0.1", urlsplit(url).port or port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.up, self.cutting, self.cuts = True, 0.0, 0
        self.chance, self.links = random.Random(1), set[socket.socket]()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "") -> str:
        """The URL through the proxy."""
        who = f"{self.parts.username or ''}:{self.parts.password or ''}@" if self.parts.username else ""
        where = SplitResult(self.parts.scheme, f"{who}127.0.0.1:{self.port}", path or self.parts.path, "", "")
        return where.geturl()

    def direct(self) -> str:
        """The URL past the proxy."""
        return self.parts.geturl()

    def down(self) -> None:
        """Every connection ends, and no new one is taken."""
        self.up = False
        for link in list(self.links):
            _end(link)

    def back(self) -> None:
        self.up = True

    def close(self) -> None:
        self.down()
        _end(self.listener)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.up:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            else:
                _end(client)

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.aim, timeout=5)
        except OSError:
            _end(client)
            return
        pair = {client: server, server: client}
        self.links |= set(pair)
        with contextlib.suppress(OSError, ValueError):
            while all([self._passed(source, pair[source], client) for source in select.select(list(pair), [], [])[0]]):
                pass
        for link in pair:
            self.links.discard(link)
            _end(link)

    def _passed(self, source: socket.socket, target: socket.socket, client: socket.socket) -> bool:
        """Hand on what came; false when the connection is over."""
        data = source.recv(65536)
        if data == SSL_REQUEST and source is client:
            client.sendall(b"N")
            return True
        target.sendall(data) if data else None
        if source is client and COMMIT in data and self.chance.random() < self.cutting:
            self.cuts += 1
            select.select([target], [], [], 2)  # it was committed, and nobody hears of it
            return False
        return bool(data)


def _end(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
