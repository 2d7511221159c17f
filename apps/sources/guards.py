"""Who may come in at an endpoint. Each guard takes any of the trigger's secrets, so that they can be rotated."""

import base64
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from apps.common.values import Value
from apps.sources.contract import Arrival
from apps.sources.known_senders import SenderGuard
from apps.sources.named_secrets import NamedSecrets
from apps.sources.signatures import HmacGuard, same


class NoGuard(Value):
    """Whoever knows the URL may call it."""

    model_config = ConfigDict(title="No check")
    type: Literal["none"] = Field(default="none", title="Kind", description="Whoever knows the URL may call it.")

    def needs_secret(self) -> bool:
        return False

    def secret_names(self) -> list[tuple[str, str]]:
        return []

    def admits(self, arrival: Arrival) -> bool:
        return True

    def signature(self, arrival: Arrival) -> str:
        """What marks this very request as signed; empty where nothing is signed."""
        return ""


class SecretGuard(NamedSecrets):
    """Takes who shows a secret in the Authorization header."""

    scheme: ClassVar[str]

    def admits(self, arrival: Arrival) -> bool:
        """The name of the scheme may be written in any case (RFC 9110)."""
        given, _, shown = arrival.request.headers.get("authorization", "").strip().partition(" ")
        fits = [same(shown.strip(), self.wanted(secret)) for secret in arrival.secrets]
        return given.lower() == self.scheme and any(fits)

    def wanted(self, secret: str) -> str:
        """What stands behind the scheme in the Authorization header that shows this secret."""
        raise NotImplementedError

    def signature(self, arrival: Arrival) -> str:
        return ""


class BearerGuard(SecretGuard):
    """`Authorization: Bearer <secret>`."""

    scheme: ClassVar[str] = "bearer"
    model_config = ConfigDict(title="Bearer token")
    type: Literal["bearer"] = Field(
        default="bearer", title="Kind", description="The Authorization header carries the secret."
    )

    def wanted(self, secret: str) -> str:
        return secret


class BasicGuard(SecretGuard):
    """HTTP Basic with this user and the secret as password."""

    scheme: ClassVar[str] = "basic"
    model_config = ConfigDict(title="Name and password")
    type: Literal["basic"] = Field(default="basic", title="Kind", description="HTTP Basic with the secret as password.")
    user: str = Field(title="User name", description="The name that the sender signs in with.", max_length=100)

    def wanted(self, secret: str) -> str:
        return base64.b64encode(f"{self.user}:{secret}".encode()).decode()


Guard = Annotated[NoGuard | BearerGuard | BasicGuard | HmacGuard | SenderGuard, Field(discriminator="type")]
