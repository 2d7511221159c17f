"""Names become addresses under a deadline: one look-up a name at a time, a bounded number in all.

An answer is remembered for `KEPT_S`, a failure for `FAILED_S`; whoever connects vets the addresses each time.
"""

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLong

from apps.egress.addresses import Blocked

MAX_LOOKUPS, MOST_KEPT = 128, 10_000
KEPT_S, FAILED_S = 10.0, 3.0
LATE, UNKNOWN = "the host name was not found in time", "the host name was not found"
Found = tuple[str, ...]


class Unresolved(Blocked):
    """This machine found no address for the name."""


_room = threading.BoundedSemaphore(MAX_LOOKUPS)
_lock = threading.Lock()
_kept: dict[str, tuple[float, Found]] = {}  # until when; no addresses: it was not found
_asked: dict[str, Future[Found]] = {}


def addresses_of(host: str, deadline: float) -> Found:
    """What the name means now, or the literal address itself. Raises Unresolved."""
    if host[-1].isdigit() or ":" in host:  # the strict rule lets no name end so
        return (ipaddress.ip_address(host).compressed,)
    found = _remembered(host)
    if found is None:
        found = _answer(_look_up(host, deadline), deadline)
    if not found:
        raise Unresolved(UNKNOWN)
    return found


def forget() -> None:
    """Look every name up anew."""
    with _lock:
        _kept.clear()


def _remembered(host: str) -> Found | None:
    until, found = _kept.get(host, (0.0, ()))
    return found if time.monotonic() < until else None


def _answer(asked: Future[Found], deadline: float) -> Found:
    try:
        return asked.result(timeout=max(0.0, deadline - time.monotonic()))
    except TooLong:
        raise Unresolved(LATE) from None


def _look_up(host: str, deadline: float) -> Future[Found]:
    """The look-up of this name that is going on, or a new one: a dead name server holds one thread a name."""
    if (going := _asked.get(host)) is not None:
        return going
    if not _room.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise Unresolved(LATE)
    with _lock:
        going = _asked.get(host)
        asked = going or _asked.setdefault(host, Future())
    if going is not None:
        _room.release()
    else:
        threading.Thread(target=_look, args=(host, asked), name="resolver", daemon=True).start()
    return asked


def _look(host: str, asked: Future[Found]) -> None:
    found: Found = ()
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(row[4][0]) for row in rows))
    except (OSError, UnicodeError):
        pass  # not found
    finally:
        _keep(host, found)
        _room.release()
        asked.set_result(found)


def _keep(host: str, found: Found) -> None:
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[host] = (time.monotonic() + (KEPT_S if found else FAILED_S), found)
        _asked.pop(host, None)
