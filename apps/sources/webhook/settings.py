"""Any HTTP request starts a run: with JSON, a form, text or XML."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from apps.common.trouble import Malformed
from apps.engine.fields import JsonText, NamedPaths, document_of, hint
from apps.engine.values.data import with_aliases
from apps.ingress.ip_networks import as_network, is_listed
from apps.ingress.request import IncomingRequest, WrongType, read_body
from apps.sources import request_facts
from apps.sources.challenges import Challenge, NoChallenge
from apps.sources.contract import Arrival, Echo, Fired, Refusal, TriggerType
from apps.sources.guards import Guard, NoGuard
from apps.sources.payload_schema import as_schema, misfit
from apps.sources.request_facts import OpenHeader
from apps.sources.signatures import OptionalHeaderName

Network = Annotated[str, Field(max_length=50), AfterValidator(as_network)]
SchemaText = Annotated[JsonText, AfterValidator(as_schema)]


class Webhook(TriggerType):
    """A request at the workflow's URL starts a run."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    icon: ClassVar[str] = "webhook"
    summary: ClassVar[str] = "a request at its URL"
    first_fields: ClassVar[tuple[str, ...]] = ("sample", "names", "guard", "about", "senders", "methods")
    first_settings: ClassVar[dict[str, Any]] = {"methods": ["POST"]}
    guard: Guard = Field(default=NoGuard(), title="Security", description="How we know that a request is genuine.")
    sample: JsonText = Field(
        default="",
        title="Sample",
        description="Paste an example request. Its fields can then be picked in every block.",
        json_schema_extra=hint("code", language="json"),
    )
    names: NamedPaths = Field(
        default=[],
        title="Short names",
        description="Short names for places deep in the request.",
        max_length=200,
        json_schema_extra=hint(item="name"),
    )
    senders: list[Network] = Field(
        default=[],
        title="Senders",
        description="Addresses or networks that may call, as 203.0.113.0/24; none: all.",
        max_length=100,
    )
    methods: list[Literal["POST", "PUT", "GET"]] = Field(
        default=["POST", "GET"],
        title="Methods",
        description="How a sender may call. A GET has its data in the query; link previews send GETs, too.",
        min_length=1,
        max_length=3,
        json_schema_extra=hint(item="method", initial=["POST"], collapsed=True),
    )
    success_status: int = Field(
        default=202,
        title="Answer",
        description="The status of an answer to what was taken; some senders want 200.",
        ge=200,
        le=299,
        json_schema_extra=hint(collapsed=True),
    )
    challenge: Challenge = Field(
        default=NoChallenge(),
        title="Check of the URL",
        description="What a sender wants back before it sends.",
        json_schema_extra=hint(collapsed=True),
    )
    id_header: OptionalHeaderName = Field(
        default="",
        title="Event id in a header",
        description="Which header has the sender's own id of an event, as webhook-id: the same id is taken once.",
        json_schema_extra=hint(collapsed=True),
    )
    id_path: str = Field(
        default="",
        title="Event id in the data",
        description="Where the sender's own id of an event stands, as event.id: the same id is taken once.",
        max_length=200,
        json_schema_extra=hint("variable", collapsed=True),
    )
    headers: list[OpenHeader] = Field(
        default=[],
        title="Headers to read",
        description="As X-GitHub-Event; it is read as request.headers.x-github-event.",
        max_length=20,
        json_schema_extra=hint(item="header", collapsed=True),
    )
    query: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[],
        title="Query to read",
        description="Names of the URL's query beside a body, as campaign; it is read as request.query.campaign.",
        max_length=20,
        json_schema_extra=hint(item="name", collapsed=True),
    )
    json_fields: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[],
        title="JSON within text",
        description="Fields whose text is JSON: payload of Slack, Message of Amazon SNS, text of a text/plain body.",
        max_length=20,
        json_schema_extra=hint(item="field", collapsed=True),
    )
    payload_schema: SchemaText = Field(
        default="",
        title="Payload schema",
        description="A JSON Schema that the data must fit; what does not is answered 422.",
        json_schema_extra=hint("code", language="json"),
    )

    def gives(self) -> list[str] | None:
        known = document_of(self.sample)
        ours = ["request"] if self.headers or self.query else []
        return [*known, *(row.name for row in self.names), *ours] if isinstance(known, dict) else None

    def example(self) -> dict[str, Any]:
        known = document_of(self.sample)
        asked = IncomingRequest(method="POST", headers={name.lower(): "…" for name in self.headers})
        try:
            return self._body(known if isinstance(known, dict) else {}, asked)
        except Malformed:
            return with_aliases(known, {row.name: row.path for row in self.names}) if isinstance(known, dict) else {}

    def uses(self) -> list[tuple[str, str, str]]:
        return [(f"guard.{field}", "secret", name) for field, name in self.guard.secret_names()]

    def wants_secret(self) -> bool:
        return self.guard.needs_secret()

    def unset_secret(self) -> str:
        return "guard.secret" if self.wants_secret() and not self.guard.secret_names() else ""

    def secret_names(self) -> list[str]:
        return [name for _, name in self.guard.secret_names()]

    def takes(self, method: str) -> bool:
        return method in self.methods

    def status(self) -> int:
        return self.success_status

    def read(self, arrival: Arrival) -> Fired | Echo | Refusal:
        if self.senders and not is_listed(arrival.request.address, self.senders):
            return Refusal(status=403, message=f"Requests from {arrival.request.address or 'there'} are not taken.")
        asked = self.challenge.to_query(arrival)
        if asked is not None:
            return asked
        if not self.takes(arrival.request.method):
            return Refusal(status=405, message=f"This URL takes {' and '.join(self.methods)}.")
        if self.guard.needs_secret() and not arrival.secrets:
            return Refusal(status=401, message="This URL checks who calls, and no secret is set for it: pick one.")
        if not self.guard.admits(arrival):
            return Refusal(status=401, message=f"The {self.guard.type} check failed.")
        return self._read(arrival.request, self.guard.signature(arrival))

    def _read(self, request: IncomingRequest, signature: str) -> Fired | Echo | Refusal:
        try:
            said = read_body(request)
            body = self._body(said, request)
        except WrongType as error:
            return Refusal(status=415, message=str(error))
        except Malformed as error:
            return Refusal(status=400, message=str(error))
        asked = self.challenge.to_body(body)
        if asked is not None:
            return asked
        fault = misfit(said, self.payload_schema) if self.payload_schema else None
        if fault is not None:
            return Refusal(status=422, message=fault.message, field=fault.field)
        key = request_facts.event_key_of(request, body, self.id_header, self.id_path)
        return Fired(body=body, signature=signature, key=key, said={"id": key} if key else said)

    def fire(self, body: dict[str, Any], signature: str = "") -> Fired | Refusal:
        fault = misfit(body, self.payload_schema) if self.payload_schema else None
        if fault is not None:
            return Refusal(status=422, message=fault.message, field=fault.field)
        try:
            return Fired(body=self._body(body, IncomingRequest(method="POST")), signature=signature)
        except Malformed as error:
            return Refusal(status=400, message=str(error))

    def _body(self, said: dict[str, Any], request: IncomingRequest) -> dict[str, Any]:
        """What the run knows: what was sent, JSON within it as documents, what was asked for of the request, names.

        Raises Malformed. A field `request` of the sender's own stays as it is.
        """
        facts = request_facts.facts_of(request, self.headers, self.query)
        whole = {**({"request": facts} if facts else {}), **request_facts.with_documents(said, self.json_fields)}
        return with_aliases(whole, {row.name: row.path for row in self.names})
