"""Hands one e-mail to an SMTP server over the vetted connection."""

import contextlib
import smtplib
import socket
import ssl
import threading
from typing import Any

from apps.common.effects import Answer, Mail, NoAnswer
from apps.egress import client
from apps.egress.addresses import Blocked, Never
from apps.egress.letters import Letter, composed
from apps.egress.resolving import Unresolved

PORTS = frozenset({25, 465, 587, 2525})
TIMEOUT_S, WHOLE_S = 15.0, 45.0  # of one wait, and of the whole mail
BROKEN = (OSError, smtplib.SMTPException, ValueError)  # ValueError: a server that answers no number


def deliver(mail: Mail) -> Answer | NoAnswer:
    """The server's reply code and words as an Answer, within WHOLE_S. Ambiguous once the message's data was begun."""
    try:
        letter = composed(mail)
    except ValueError as error:
        return NoAnswer(kind="not_sent", reason=f"the mail cannot be written: {error}"[:200], never=True)
    client = _Vetted()
    cut = threading.Timer(WHOLE_S, client.cut)
    cut.daemon = True
    cut.start()
    try:
        client.meet(mail)
        return _handed(client, letter)
    except (Blocked, ValueError) as error:
        facts = {"unreached": isinstance(error, Unresolved), "never": isinstance(error, Never)}
        return NoAnswer(kind="not_sent", reason=str(error)[:200], **facts)
    except smtplib.SMTPResponseException as error:
        return _refusal(error)
    except (OSError, smtplib.SMTPException) as error:
        why = f"could not connect ({type(error).__name__})"
        return NoAnswer(kind="not_sent", reason=why, unreached=not client.was_met)
    finally:
        cut.cancel()
        client.part()


class _Vetted(smtplib.SMTP):
    """A client that connects to vetted addresses only, and whose line can be cut from another thread."""

    def __init__(self) -> None:
        self._guard: socket.socket | None = None
        self._tls = self.was_cut = self.was_met = False
        super().__init__(timeout=TIMEOUT_S)

    def meet(self, mail: Mail) -> None:
        """Connect, encrypt and sign in as the account says."""
        self._tls, self._host = mail.security == "tls", mail.host  # _host: the name that the certificate must say
        code, words = self.connect(mail.host, mail.port)
        self.was_met = True
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        self.ehlo_or_helo_if_needed()
        if mail.security == "starttls":
            self.starttls(context=ssl.create_default_context())
            self.ehlo_or_helo_if_needed()
        if mail.username:
            self.login(mail.username, mail.password)

    def cut(self) -> None:
        """Whoever waits for this line sees it closed; half a reply is none."""
        self.was_cut = True
        if self._guard is not None:
            with contextlib.suppress(OSError):
                self._guard.shutdown(socket.SHUT_RDWR)

    def part(self) -> None:
        """Say goodbye; what the server makes of it changes nothing."""
        with contextlib.suppress(*BROKEN):
            if self.sock is not None:
                self.sock.settimeout(2)
                self.putcmd("quit")
        self.close()
        if self._guard is not None:
            self._guard.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = client.connect(host, port, timeout, PORTS)
        self._guard = plain.dup()
        if not self._tls:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _handed(client: _Vetted, letter: Letter) -> Answer | NoAnswer:
    wide = ["SMTPUTF8", "BODY=8BITMIME"] if letter.wide else []
    if wide and not client.has_extn("smtputf8"):
        return _answer(553, "the mail server takes no address with other letters than a to z before the @")
    if wide:
        client.command_encoding = "utf-8"
    try:
        code, words = _enveloped(client, letter.sender, letter.to, wide)
    except BROKEN as error:
        return NoAnswer(kind="not_sent", reason=f"the connection broke ({type(error).__name__})")
    if code >= 400:
        return _answer(code, words)
    if code < 200:
        return NoAnswer(kind="not_sent", reason="the server answered what is no SMTP reply")
    return _transmitted(client, letter.content)


def _enveloped(client: _Vetted, sender: str, to: str, wide: list[str]) -> tuple[int, bytes]:
    """Say from whom and to whom; the first reply that is no yes, or the last. -1: a line without a number."""
    reply = client.mail(sender, wide)
    return client.rcpt(to) if 200 <= reply[0] < 400 else reply


def _transmitted(client: _Vetted, content: bytes) -> Answer | NoAnswer:
    """Hand over the message itself: from its first byte on it may have arrived."""
    try:
        code, words = client.data(content)
    except smtplib.SMTPResponseException as error:
        return _refusal(error)
    except BROKEN as error:
        return NoAnswer(kind="ambiguous", reason=f"the connection broke while sending ({type(error).__name__})")
    if client.was_cut:
        return NoAnswer(kind="ambiguous", reason="no whole answer in time")
    if not (200 <= code < 300 or 400 <= code < 600):
        return NoAnswer(kind="ambiguous", reason="the server's last answer makes no sense")
    return _answer(code, words)


def _refusal(error: smtplib.SMTPResponseException) -> Answer | NoAnswer:
    """What a server said before it had the message: only a 4xx or 5xx is an answer, all else is nonsense."""
    if error.smtp_code >= 400:
        return _answer(error.smtp_code, error.smtp_error)
    return NoAnswer(kind="not_sent", reason=f"the server answered {error.smtp_code} where that makes no sense")


def _answer(code: int, words: Any) -> Answer:
    body = words if isinstance(words, bytes) else str(words).encode()
    return Answer(status=code, body=body)
