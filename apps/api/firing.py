"""Partners fire events: runs that wait for one go on."""

from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import KeyThrottle, PartnerView
from apps.common import bounded_json
from apps.common.trouble import Refused
from apps.database import clocks
from apps.engine.fault_words import plain_fault
from apps.events.firing import Custom, fire
from apps.events.recording import Conflict
from apps.ingress.body import Unread, body_of

MAX_KEY = 200


class EventThrottle(KeyThrottle):
    rate = "6000/min"
    scope = "api-events"


class FireEvent(PartnerView):
    """POST `{"name", "environment", "data"}`: 202 when it is committed. An Idempotency-Key makes a repeat harmless."""

    throttle_classes = [EventThrottle]

    def post(self, request: Request, wsid: str) -> Response:
        try:
            raw = body_of(request._request)
            fired = Custom.model_validate(bounded_json.loads(raw))
            told = fire(self.workspace, fired, clocks.now(), raw, _key(request))
        except Unread as trouble:
            return Response({"error": trouble.message}, trouble.status)
        except (bounded_json.Malformed, Refused) as trouble:
            return Response({"error": f"{str(trouble)[:1].upper()}{str(trouble)[1:]}."}, 400)
        except ValidationError as error:
            return Response(_named(error), 400)
        except Conflict:
            return Response({"error": "This Idempotency-Key came before with other content. Use a new key."}, 422)
        return Response(told.answer, 202)


def _key(request: Request) -> str:
    key = str(request.headers.get("Idempotency-Key", "")).strip()
    if len(key) > MAX_KEY or not key.isprintable():
        raise Refused(f"the Idempotency-Key has more than {MAX_KEY} characters, or some that cannot be printed")
    return key


def _named(error: ValidationError) -> dict[str, str]:
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return {
        "error": plain_fault(fault["type"], fault["msg"]),
        "field": ".".join(str(part) for part in fault["loc"])[:100],
    }
