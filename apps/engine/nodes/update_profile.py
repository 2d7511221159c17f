"""Changes what is known of the person whom the run is about."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.contract.decisions import Ask, ChangeProfile, Next
from apps.engine.contract.node import NodeType, Read, StepContext
from apps.engine.fields import MAY_BE_EMPTY, Text, hint
from apps.engine.texts.templates import filled_value
from apps.engine.values.data import RunData
from apps.engine.values.profiles import TYPE_WORDS, Operation, ProfileChange, as_type, changed, shown

OPERATION_WORDS = {
    "set": "Set to",
    "set_once": "Set, unless it is set already",
    "add": "Add a number",
    "append": "Append to a list",
    "remove": "Remove from a list",
    "unset": "Delete",
}
AS_IT_IS = "as_it_is"
TYPES = {AS_IT_IS: "As it is", "text": "Text", "number": "Number", "boolean": "True or false", "date": "Date"} | {
    "list": "List",
    "object": "Object",
}


class ProfileRow(Value):
    """One change of the profile."""

    model_config = ConfigDict(title="Change")
    name: str = Field(
        title="Attribute",
        description="As plan; name, time_zone, language, phone and email are fields of every profile.",
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
    )
    operation: Operation = Field(
        default="set",
        title="What to do",
        description="With this attribute.",
        json_schema_extra=hint(labels=OPERATION_WORDS),
    )
    value: Annotated[Text, MAY_BE_EMPTY] = Field(
        default=Text(text=""),
        title="Value",
        description="A single placeholder keeps its value's type.",
        json_schema_extra=hint(hide_when={"operation": ["unset"]}),
    )
    type: Literal["as_it_is", "text", "number", "boolean", "date", "list", "object"] = Field(
        default="as_it_is",
        title="Type",
        description="What the value is kept as; an attribute has one type in a workspace.",
        json_schema_extra=hint(labels=TYPES, hide_when={"operation": ["unset", "add", "append", "remove"]}),
    )

    def change(self, data: RunData) -> ProfileChange:
        """Raises Refused where the value is missing or of another type."""
        if self.operation == "unset":
            return ProfileChange(operation="unset", name=self.name)
        value = filled_value(self.value, data)
        found = value if self.type == AS_IT_IS else as_type(value, self.type)
        if found is None:
            raise Refused(f"{self.name}: {shown(value)} is not {TYPE_WORDS[self.type]}")
        return ProfileChange(operation=self.operation, name=self.name, value=found)


class UpdateProfile(NodeType):
    """Change the profile of the person whom the run is about. A test shows what would change and changes nobody."""

    kind: ClassVar[str] = "update_profile"
    title: ClassVar[str] = "Update profile"
    icon: ClassVar[str] = "user-pen"
    group: ClassVar[str] = "Data"
    summary: ClassVar[str] = "{rows.*.name}"
    fixed_outlets: ClassVar[tuple[str, ...]] = ("next", "failure")
    failure_outlets: ClassVar[tuple[str, ...]] = ("failure",)
    has_output: ClassVar[bool] = True
    changes_profile: ClassVar[bool] = True
    rows: list[ProfileRow] = Field(
        title="Changes",
        description="Done together, from the first to the last.",
        min_length=1,
        max_length=50,
        json_schema_extra=hint(item="change"),
    )

    def reads(self) -> list[Read]:
        return [
            Read(field=f"rows.{i}.value", text=row.value) for i, row in enumerate(self.rows) if row.operation != "unset"
        ]

    def gives(self) -> list[str]:
        return ["before", "after"]

    def example(self, data: RunData) -> dict[str, Any]:
        after, before = changed(data.profile, [row.change(data) for row in self.rows])
        return {"before": before, "after": {name: after.get(name) for name in before}}

    def decide(self, data: RunData, ctx: StepContext) -> Ask:
        return Ask(question=ChangeProfile(changes=tuple(row.change(data) for row in self.rows)))

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> Next:
        output = {"before": facts["before"], "after": facts["after"]}
        said = "; ".join(_told(name, was, facts["after"][name]) for name, was in facts["before"].items())
        if not facts["kept"]:
            return Next(outlet="next", why=f"a test changes nobody; it would be: {said or 'as it was'}", output=output)
        return Next(outlet="next", why=said or "all of it was so before", output=output)


def _told(name: str, was: Any, now: Any) -> str:
    after = "deleted" if now is None else f"now {shown(now)}"
    return f"{name} {after}, before {'nothing' if was is None else shown(was)}"
