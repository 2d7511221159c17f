"""Who may call: a partner's key, for the workspace of the path and no other."""

from typing import Any

from django.http import Http404
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from apps.database import clocks
from apps.workspaces import api_keys
from apps.workspaces.models import ApiKey, Workspace

SEND_A_KEY = "Send an API key of the workspace: Authorization: Bearer fyno_…"


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer fyno_…`; a missing or wrong key is answered 401."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None]:
        word, _, shown = get_authorization_header(request).decode("latin-1").partition(" ")
        key = api_keys.find(shown.strip(), clocks.now()) if word.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed(SEND_A_KEY)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyThrottle(SimpleRateThrottle):
    """So many calls a key; beyond that 429 with Retry-After."""

    rate = "600/min"
    scope = "api"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"{self.scope}:{request.user.pk}"


class PartnerView(APIView):
    """An endpoint below `/api/v1/w/<wsid>/`; a foreign workspace is answered as one that does not exist."""

    authentication_classes = [KeyAuthentication]
    throttle_classes = [KeyThrottle]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.user.workspace.wsid != kwargs["wsid"]:
            raise Http404

    @property
    def workspace(self) -> Workspace:
        return self.request.user.workspace
