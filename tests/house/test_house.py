"""The house keeps its own rules."""

import ast
import re
from pathlib import Path
from typing import get_args, get_origin

import pytest
from django.apps import apps as django_apps
from django.db.models import UniqueConstraint

from apps.common.values import Value
from apps.console.reference import document_schema, reference
from apps.engine.conditions import OperatorName
from apps.engine.nodes.send import CHANNEL_WORDS
from apps.engine.registry import NODES
from apps.engine.values.operators import OPERATORS
from apps.providers.contract import CHANNELS
from apps.providers.registry import PROVIDERS
from apps.sources.registry import TRIGGERS
from apps.workspaces.models import Owned, OwnedQuerySet

ROOT = Path(__file__).resolve().parents[2]
MODULES = [p for p in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("fynoflow/*.py")] if "migrations" not in p.parts]
PLUGINS = [*NODES.all().values(), *TRIGGERS.all().values(), *PROVIDERS.all().values()]
OUTSIDE = {"requests", "urllib3", "pycurl", "socket", "smtplib", "httpx", "http.client"}
MAY_LEAVE = {f"apps/egress/{name}.py" for name in ("client", "wire", "handles", "resolving", "mailer")} | {
    "fynoflow/shop.py"
}
WRITE_CURSORS = {"apps/channels/deliveries.py"}
FORBIDDEN_NAMES = {"services.py", "utils.py", "helpers.py"}
COMMON = {
    "bounded_json",
    "charsets",
    "crypto",
    "effects",
    "exact",
    "gc",
    "ids",
    "registry",
    "trouble",
    "values",
    "zones",
}
SHELVES = {"apps/engine/nodes", "apps/providers", "apps/sources"}  # uniform lists of plugins are easy at any length
MAX_IN_A_ROOM = 15
SHARED_VERBS = {"forget", "claim", "settle"}  # of every cache, and of every queue
FILTERS = "apps/engine/texts"  # the functions there are Liquid's filters, named as people write them


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[ast.FunctionDef]:
    return [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]


def public(kind: type[ast.AST]) -> dict[str, list[str]]:
    """Where each public class or function stands, by its name."""
    found: dict[str, list[str]] = {}
    for path in (p for p in MODULES if p.is_relative_to(ROOT / "apps") and "management" not in p.parts):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(named(path))
    return found


def test_modules_and_functions_stay_small() -> None:
    for path in MODULES:
        assert path.read_text().count("\n") <= 300, named(path)
        assert path.name not in FORBIDDEN_NAMES, named(path)
        for function in functions(path):
            where = f"{named(path)}: {function.name}"
            assert function.end_lineno - function.lineno + 1 <= 40, where
            plain = [a for a in function.args.args if a.arg not in ("self", "cls")]
            assert len(plain) <= 6, where


def test_rooms_hold_at_most_fifteen_modules() -> None:
    for room in {path.parent for path in MODULES} - {ROOT / shelf for shelf in SHELVES}:
        there = [p.name for p in room.glob("*.py") if p.name not in ("__init__.py", "apps.py")]
        assert len(there) <= MAX_IN_A_ROOM, f"{named(room)}: {sorted(there)}"


def test_every_package_says_what_lives_there_and_what_it_may_import() -> None:
    for path in (p for p in MODULES if p.name == "__init__.py" and p.is_relative_to(ROOT / "apps")):
        if "management" not in path.parts:
            assert len((ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()) >= 3, named(path)


def test_no_test_imports_a_test() -> None:
    for path in ROOT.glob("tests/**/*.py"):
        assert not re.search(r"^\s*(?:from|import) tests\.[\w.]*\btest_", path.read_text(), re.M), named(path)


def test_forms_of_the_frontend_know_no_page_and_no_store() -> None:
    for path in (ROOT / "apps/console/canvas/frontend/src/form").rglob("*.ts*"):
        assert not re.search(r'from "[./]+/(?:page|store)"', path.read_text()), named(path)


def test_the_glossary_stays_short() -> None:
    words = re.findall(r"^\| (?!Word|---)", (ROOT / "docs" / "glossary.md").read_text(), re.M)
    assert 0 < len(words) <= 40


def test_common_is_a_closed_list() -> None:
    assert {path.stem for path in (ROOT / "apps" / "common").glob("[a-z]*.py")} == COMMON


def test_no_public_class_has_the_name_of_another() -> None:
    assert not {name: where for name, where in public(ast.ClassDef).items() if len(where) > 1}


def test_no_public_function_has_a_name_in_more_than_two_modules() -> None:
    known = {
        name: [one for one in where if not one.startswith(FILTERS)]
        for name, where in public(ast.FunctionDef).items()
        if name not in SHARED_VERBS
    }
    assert not {name: where for name, where in known.items() if len(where) > 2}


@pytest.mark.parametrize("cls", PLUGINS, ids=lambda c: c.kind)
def test_a_plugin_is_one_file_with_settings_that_can_be_drawn(cls: type[Value]) -> None:
    assert cls.__module__.removesuffix(".settings").endswith(f".{cls.kind}")
    assert cls.__doc__ and cls.title
    assert cls.model_json_schema()["additionalProperties"] is False


def test_nobody_knows_a_kind_by_name() -> None:
    known = re.compile(rf"if .*\bkind == [\"']({'|'.join(c.kind for c in PLUGINS)})[\"']")
    assert not [named(path) for path in MODULES if known.search(path.read_text())]


def test_only_one_place_reaches_the_outside() -> None:
    for path in MODULES:
        imported = set(re.findall(r"^(?:import|from) ([\w.]+)", path.read_text(), re.M))
        assert named(path) in MAY_LEAVE or not imported & OUTSIDE, named(path)


def test_only_who_claims_and_settles_writes_a_cursor() -> None:
    for path in MODULES:
        writes = re.findall(r"\.update\([^)]*\b(?:lease_until|token)=", path.read_text())
        assert named(path) in WRITE_CURSORS or not writes, named(path)


FOUR_STATES = (
    "runs.Run",
    "channels.Delivery",
    "channels.Attempt",
    "events.Event",
    "runs.Step",
    "workflows.LiveRequest",
)
PLAIN = {"id", "workspace", "workflow", "version", "run", "delivery", "asked_by"}


@pytest.mark.parametrize("label", FOUR_STATES)
def test_each_field_of_what_has_states_says_what_it_is(label: str) -> None:
    for field in django_apps.get_model(label)._meta.fields:
        assert field.name in PLAIN or field.help_text, f"{label}.{field.name}"


def test_every_owned_model_has_an_index_that_begins_with_the_workspace() -> None:
    for model in (m for m in django_apps.get_models() if issubclass(m, Owned)):
        unique = [list(c.fields) for c in model._meta.constraints if isinstance(c, UniqueConstraint)]
        first = [fields[0] for fields in [*unique, *(i.fields for i in model._meta.indexes)] if fields]
        assert "workspace" in first, model


def test_every_owned_model_starts_at_the_workspace() -> None:
    for model in django_apps.get_models():
        ours = model.__module__.startswith("apps.") and not model.__name__.startswith("Historical")
        if ours and any(f.name == "workspace" for f in model._meta.fields):
            assert isinstance(model.objects.all(), OwnedQuerySet), model


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in ROOT.glob("templates/**/*.html"):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src)|kind ==|\|safe", text), path


def shapes(schema: dict) -> list[dict]:
    """Every schema inside a schema."""
    inner = [v for v in schema.values() if isinstance(v, dict)]
    inner += [v for values in schema.values() if isinstance(values, list) for v in values if isinstance(v, dict)]
    return [schema, *(found for one in inner for found in shapes(one))]


DRAWN = [*NODES.all().values(), *TRIGGERS.all().values()]
SIMPLE = {"string", "integer", "number", "boolean"}


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_a_form_can_be_drawn_from_the_schema_of_settings(cls: type[Value]) -> None:
    schema = cls.model_json_schema()
    for shape in shapes({**schema, "default": None}):
        assert not {"patternProperties", "prefixItems", "allOf", "not", "if"} & set(shape), shape
        assert shape.get("additionalProperties", False) is False, "a dict: use rows"
        nullable = [s.get("type") for s in shape.get("anyOf", [])]
        assert not nullable or (len(nullable) == 2 and "null" in nullable), "a union without a discriminator"
        assert "oneOf" not in shape or "propertyName" in shape["discriminator"], shape
        if shape.get("type") == "array":
            assert shape["items"], "a list of anything"


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_each_field_and_variant_says_what_it_is(cls: type[Value]) -> None:
    schema = cls.model_json_schema()
    shared = schema.get("$defs", {})
    for owner in [schema, *shared.values()]:
        if "properties" not in owner:
            continue
        assert owner["title"] and owner["description"], owner
        for name, found in owner["properties"].items():
            field = {**shared.get(found.get("$ref", "").split("/")[-1], {}), **found}
            assert field.get("title") and field.get("description"), f"{owner['title']}.{name}"
            known = {"$ref", "oneOf", "anyOf", "items", "enum", "const"} & set(field)
            assert known or field.get("type") in SIMPLE, f"{owner['title']}.{name} may be anything"


WIDGETS = {"text", "template", "variable", "secret", "code", "choice", "group", "hidden"}
HINTS = {
    "widget",
    "source",
    "labels",
    "item",
    "collapsed",
    "ordered",
    "hide-when",
    "language",
    "generate",
    "max-depth",
    "fills",
    "initial",
}


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_hints_are_those_that_the_form_knows(cls: type[Value]) -> None:
    for shape in shapes(cls.model_json_schema()):
        hints = {name.removeprefix("x-") for name in shape if name.startswith("x-")}
        assert hints <= HINTS and shape.get("x-widget", "text") in WIDGETS, shape
        assert set(shape.get("x-labels", {})) <= set(shape.get("enum", [])), "labels of what cannot be chosen"


SPRITES = ("static/look/icons.svg", "static/builder/icons.svg")


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_the_icon_of_a_kind_lies_in_both_sprites(cls: type[Value]) -> None:
    for sprite in SPRITES:
        assert f'id="{cls.icon}"' in (ROOT / sprite).read_text(), f"{cls.icon} is not in {sprite}"


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_the_line_under_a_name_reads_settings_that_are_there(cls: type[Value]) -> None:
    for path in re.findall(r"\{([^{}]+)\}", cls.summary):
        assert path.split(".")[0] in cls.model_fields, path


def models(cls: type[Value]) -> set[type[Value]]:
    """The class and every model in its fields."""
    found: set[type[Value]] = set()

    def look(kind: object) -> None:
        if isinstance(kind, type) and issubclass(kind, Value) and kind not in found:
            found.add(kind)
            for field in kind.model_fields.values():
                look(field.annotation)
        for inner in get_args(kind):
            look(inner)

    look(cls)
    return found


@pytest.mark.parametrize("cls", DRAWN, ids=lambda c: c.kind)
def test_settings_have_no_alias_and_no_tuple(cls: type[Value]) -> None:
    for model in models(cls):
        for name, field in model.model_fields.items():
            assert field.alias is None and field.validation_alias is None, name
            assert get_origin(field.annotation) not in (tuple, set, frozenset, dict), name


def test_a_group_of_tests_has_its_leaf_first() -> None:
    items = NODES.all()["condition"].model_json_schema()["$defs"]["ConditionGroup"]["properties"]["items"]["items"]
    assert [one["$ref"].split("/")[-1] for one in items["oneOf"]] == ["Test", "ConditionGroup"]


def test_no_trigger_has_the_kind_of_a_node() -> None:
    assert not set(NODES.all()) & set(TRIGGERS.all())


def test_the_channels_of_send_are_those_of_the_providers() -> None:
    assert set(CHANNEL_WORDS) == set(CHANNELS)


def test_the_operators_of_the_form_are_all_there_are() -> None:
    assert set(get_args(OperatorName)) == set(OPERATORS)


def test_the_reference_is_what_the_schemas_say() -> None:
    assert (ROOT / "docs" / "reference.md").read_text() == reference(), "run manage.py write_reference"
    schema = (ROOT / "static" / "schemas" / "workflow-1.json").read_text()
    assert schema == document_schema(), "run manage.py write_reference"


def test_links_between_the_documents_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
