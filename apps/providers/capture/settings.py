"""Keeps messages here and shows them in the test inbox: for trying things out without any account."""

from typing import ClassVar, Literal

from apps.common.effects import Answer, Capture, NoAnswer
from apps.providers.contract import Message, Provider, Result


class CaptureProvider(Provider):
    """The test inbox. Carries all channels; nothing leaves this system."""

    kind: ClassVar[str] = "capture"
    title: ClassVar[str] = "Test inbox"
    policy: ClassVar[Literal["idempotent", "at_most_once"]] = "idempotent"

    def prepare(self, message: Message) -> Capture:
        return Capture()

    def read(self, answer: Answer | NoAnswer) -> Result:
        return Result(kind="accepted", why="kept in the test inbox", ref="captured")
