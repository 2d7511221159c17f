"""An SMTP server that keeps what it gets."""

import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller


class Sink:
    """Keeps what it gets; answers what `reply` says."""

    def __init__(self) -> None:
        self.got: list = []
        self.reply = "250 kept"

    async def handle_DATA(self, server, session, envelope) -> str:
        self.got.append(envelope)
        return self.reply


@pytest.fixture
def mail() -> Iterator[tuple[Sink, Controller]]:
    sink = Sink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink, controller
    controller.stop()
