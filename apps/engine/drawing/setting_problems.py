"""Defects in the settings of single blocks: what is malformed, empty, or names what is not there."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from apps.engine.drawing.graph import Graph, Node, built_or_none
from apps.engine.drawing.problem import Context, Problem, entry_of, error
from apps.engine.drawing.unset import unset_texts
from apps.engine.fault_words import plain_fault
from apps.engine.registry import NODES


def setting_problems(graph: Graph, context: Context) -> Iterator[Problem]:
    yield from _settings(graph, context)
    yield from _unset(graph)
    yield from _guard(graph, context)


def path_in(settings: Any, loc: Sequence[str | int]) -> str:
    """The dotted path of a fault in the settings: `loc` without the tags that discriminated unions put into it."""
    here, parts = settings, []
    for part in loc:
        if isinstance(here, dict) and here.get("type") == part:
            # A tag stands once behind the union's own name; a field of that name may follow.
            here = {name: value for name, value in here.items() if name != "type"}
            continue
        parts.append(str(part))
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
    return ".".join(parts)


def _settings(graph: Graph, context: Context) -> Iterator[Problem]:
    kinds = ", ".join([*NODES.all(), *context.triggers])
    for node in graph.nodes:
        try:
            yield from _unknown_names(node, context)
        except KeyError:
            yield error(node.id, "kind", f"Unknown kind {node.kind!r}; one of {kinds}.")
        except ValidationError as trouble:
            yield from _faults(node, trouble)


def _unknown_names(node: Node, context: Context) -> Iterator[Problem]:
    """Names in the settings that the workspace does not have. Raises KeyError or ValidationError for bad settings."""
    block = context.triggers[node.kind].model_validate(node.settings) if node.is_trigger() else node.block
    for field, what, name in block.uses():
        if what in context.known and name not in context.known[what]:
            said = f"There is no {what} {name!r} in this workspace. Create it or pick another."
            yield error(node.id, field, said)


def _faults(node: Node, trouble: ValidationError) -> Iterator[Problem]:
    for fault in trouble.errors(include_url=False, include_context=False, include_input=False):
        yield error(node.id, path_in(node.settings, fault["loc"]), plain_fault(fault["type"], fault["msg"]))


def _unset(graph: Graph) -> Iterator[Problem]:
    for node in graph.nodes:
        block = built_or_none(node)
        for field in unset_texts(block) if block else ():
            yield error(node.id, field, "Fill this in.")


def _guard(graph: Graph, context: Context) -> Iterator[Problem]:
    for trigger in graph.triggers:
        entry = entry_of(trigger, context)
        if entry is not None and (field := entry.unset_secret()) and not context.has_secret:
            yield error(trigger.id, field, "Pick the secret by which senders are checked, or make one.")
