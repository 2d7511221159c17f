"""Secrets are put into a call just before it is made."""

import base64

from apps.common.effects import HttpCall
from apps.common.trouble import Refused
from apps.database import bulk
from apps.egress.addresses import target_of
from apps.workspaces.models import Secret, Workspace


def plain_secrets(call: HttpCall, workspace: Workspace) -> dict[str, str]:
    """The secrets of the call by name. Raises Secret.DoesNotExist, Undecryptable, Blocked, or Refused by its hosts."""
    used = {use.secret: Secret.objects.of(workspace).get(name=use.secret) for use in call.secrets}
    for name, secret in used.items():
        if not secret.may_go_to(host := target_of(call.url).host):
            raise Refused(f"the secret {name!r} may not be sent to {host}: add the host to the secret, or mend the URL")
    if used:
        bulk.release_connection()
    return {name: secret.plain() for name, secret in used.items()}


def with_secrets(call: HttpCall, plain: dict[str, str]) -> HttpCall:
    """The call with its secret headers filled in: between claim and call only."""
    headers = list(call.headers)
    for use in call.secrets:
        value = use.prefix + plain[use.secret]
        if use.user is not None:
            value = "Basic " + base64.b64encode(f"{use.user}:{plain[use.secret]}".encode()).decode()
        headers.append((use.header, value))
    return call.model_copy(update={"headers": tuple(headers)})
