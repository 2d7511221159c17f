"""The broker of the embedded default: hints as files. Each appears whole or not at all; one that cannot be read goes.

kombu's own `filesystem` makes a file first and writes it afterwards, so a reader between the two takes an empty one,
and a process that dies there leaves a table of queues that nobody can read again. Files are written under a name that
nobody looks for, and then renamed.
"""

import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):  # type: ignore[misc]
    """As kombu's, but for how files come and go."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        _appear(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str) -> Any:
        """The oldest hint that is whole. Raises Empty."""
        ending = f"{queue}.msg"
        for name in sorted(name for name in os.listdir(self.data_folder_in) if name.partition(".")[2] == ending):
            found = self._taken(Path(self.data_folder_in) / name)
            if found is not None:
                return found
        raise Empty

    def _taken(self, path: Path) -> Any:
        """None where another took it, or nobody can read it."""
        mine = path.with_name(f".{path.name}.{uuid.uuid4()}")
        try:
            path.rename(mine)
        except OSError:
            return None
        try:
            payload = loads(mine.read_text())
            self.Message(payload, channel=self)
            return payload
        except Exception as error:
            log.warning("a hint that cannot be read was dropped: %s", type(error).__name__)
            return None
        finally:
            mine.unlink(missing_ok=True)

    def get_table(self, exchange: str) -> list[exchange_queue_t]:
        """The queues bound to the exchange; none where that cannot be read: whoever binds writes it anew."""
        try:
            return [exchange_queue_t(*queue) for queue in loads(self._exchange_file(exchange).read_text())]
        except FileNotFoundError:
            return []
        except Exception as error:
            log.warning("the table of the exchange %r cannot be read: %s", exchange, type(error).__name__)
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table, bound = self.get_table(exchange), exchange_queue_t(routing_key or "", pattern or "", queue or "")
        if bound not in table:
            _appear(self._exchange_file(exchange), dumps([bound, *table]))


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel


def _appear(path: Path, text: str) -> None:
    """The whole file, or none."""
    half = path.with_name(f".{path.name}.{uuid.uuid4()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        half.write_text(text)
        half.rename(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
