"""The secrets that a guard names: those of the workspace by which senders are checked."""

from pydantic import Field

from apps.common.values import Value
from apps.engine.fields import hint


class NamedSecrets(Value):
    """What each guard has that checks a secret. Without a name here the trigger's own row has the secrets."""

    secret: str = Field(
        default="",
        title="Secret",
        description="What the sender shows or signs with. Pick one of this workspace, or make one.",
        max_length=100,
        json_schema_extra=hint("choice", source="secrets"),
    )
    also: str = Field(
        default="",
        title="Second secret",
        description="Taken as well, while a sender changes from one secret to the other.",
        max_length=100,
        json_schema_extra=hint("choice", source="secrets", collapsed=True),
    )

    def needs_secret(self) -> bool:
        return True

    def secret_names(self) -> list[tuple[str, str]]:
        """(field, name) of each that is named."""
        return [(field, name) for field, name in (("secret", self.secret), ("also", self.also)) if name]
