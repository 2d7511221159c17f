"""A JSON Schema from a user against a payload from a stranger, within bounds.

`$ref` stays inside the document, patterns are RE2, nothing is fetched, and the work is counted: what costs too much
is refused. `format` is an annotation and is not checked.
"""

import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import re2
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.common import bounded_json
from apps.common.values import Value

MAX_DEPTH, MAX_PATTERN, MAX_WORK = 30, 256, 100_000
DRAFTS = ("", "https://json-schema.org/draft/2020-12/schema")
_NOT_TAKEN = ("$dynamicRef", "$recursiveRef", "$id", "patternProperties", "unevaluatedProperties", "unevaluatedItems")
_EACH = ("items", "prefixItems", "contains", "additionalProperties", "propertyNames")
_LINK = 5  # what following a $ref costs more than another keyword
_work: ContextVar[list[int]] = ContextVar("work")


class Misfit(Value):
    """Why a payload does not fit; `field` is a dotted path."""

    field: str
    message: str


class _TooCostly(Exception):
    """Checking would take too long."""


@lru_cache(maxsize=256)
def as_schema(text: str) -> str:
    """The text of a schema, if it is empty or can be applied. Raises ValueError, which says what to change."""
    if text.strip():
        _check(bounded_json.loads(text.encode()))
    return text


def misfit(document: Any, text: str) -> Misfit | None:
    """The first thing in a document that does not fit."""
    _work.set([0])
    try:
        error = next(_validator(text).iter_errors(document), None)
    except (_TooCostly, RecursionError):
        return Misfit(field="", message="The payload cannot be checked against the schema: it would take too long.")
    except Unresolvable:
        return Misfit(field="", message="The schema refers to a place that it does not have: mend its $ref.")
    return None if error is None else _told(error)


def _check(schema: Any) -> None:
    if not isinstance(schema, dict):
        raise ValueError("a schema is a JSON object")
    if schema.get("$schema", "") not in DRAFTS:
        raise ValueError(f"only JSON Schema 2020-12 is taken: set $schema to {DRAFTS[1]} or leave it out")
    for where in _objects(schema, 1):
        _refuse_keywords(schema, where)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        raise ValueError(f"not a JSON Schema at {place or 'its top'}: {error.message[:200]}") from None


def _told(error: ValidationError) -> Misfit:
    path = [str(part) for part in error.absolute_path]
    asked = f"{error.validator}: {json.dumps(error.validator_value)[:150]}"
    if error.validator == "required":
        path.append(next(name for name in error.validator_value if name not in error.instance))
        asked = "it is missing"
    field = ".".join(path)[:200]
    return Misfit(field=field, message=f"{field or 'The payload'} does not fit the schema of this trigger ({asked}).")


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        raise ValueError(f"the schema is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(child, depth + 1)


def _refuse_keywords(schema: dict[str, Any], where: dict[str, Any]) -> None:
    for name in _NOT_TAKEN:
        if name in where:
            raise ValueError(f"{name} is not taken here: leave it out")
    link = where.get("$ref")
    if isinstance(link, str) and not (link == "#" or (link.startswith("#/") and _leads(schema, link))):
        raise ValueError(f"$ref {link[:80]!r} leads nowhere in this document: write #/$defs/name")
    if isinstance(where.get("pattern"), str):
        _pattern_of(where["pattern"])


def _leads(schema: Any, link: str) -> bool:
    for part in link[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(schema, dict) or part not in schema:
            return False
        schema = schema[part]
    return isinstance(schema, dict | bool)


@lru_cache(maxsize=1024)
def _pattern_of(text: str) -> Any:
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern is longer than {MAX_PATTERN} characters")
    try:
        return re2.compile(text)
    except re2.error:
        raise ValueError(f"the pattern {text!r} is not RE2: it has no lookahead and no backreferences") from None


def _pattern(validator: Any, text: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str):
        _spend(len(instance) // 100)
        if not _pattern_of(text).search(instance):
            yield ValidationError("does not match")


def _unique(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if wanted and isinstance(instance, list):
        texts = [json.dumps(item, sort_keys=True) for item in instance]
        _spend(sum(map(len, texts)) // 100)
        if len(set(texts)) != len(texts):
            yield ValidationError("has equal items")


def _spend(amount: int) -> None:
    work = _work.get()
    work[0] += amount
    if work[0] > MAX_WORK:
        raise _TooCostly


def _counted(name: str, keyword: Callable[..., Any]) -> Callable[..., Any]:
    def inner(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        asked = len(value) if isinstance(value, list | dict) else 0
        _spend(
            (_LINK if name == "$ref" else 1)
            + asked
            + (len(instance) if name in _EACH and isinstance(instance, list | dict) else 0)
        )
        for error in keyword(validator, value, instance, schema) or ():
            _spend(len(error.message) // 100)  # a message repeats the instance, however large it is
            yield error

    return inner


_KEYWORDS = {**Draft202012Validator.VALIDATORS, "pattern": _pattern, "uniqueItems": _unique}
_Bounded = validators.extend(Draft202012Validator, {name: _counted(name, check) for name, check in _KEYWORDS.items()})


@lru_cache(maxsize=256)
def _validator(text: str) -> Any:
    return _Bounded(bounded_json.loads(text.encode()), registry=Registry())
