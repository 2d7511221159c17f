"""Every kind of block as the canvas must know it: words, ways out, and the JSON schema its settings are drawn from."""

from functools import lru_cache
from typing import Any

from apps.engine.contract.node import NodeType
from apps.engine.drawing.graph import TRIGGER_OUTLET
from apps.engine.registry import NODES
from apps.sources.contract import TriggerType
from apps.sources.registry import TRIGGERS


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, Any]]:
    """By kind: the triggers first, then the nodes by the group they stand in."""
    nodes = sorted(NODES.all().values(), key=lambda cls: (cls.group, cls.title))
    return {cls.kind: _trigger(cls) for cls in TRIGGERS.all().values()} | {cls.kind: _node(cls) for cls in nodes}


def _node(cls: type[NodeType]) -> dict[str, Any]:
    aside = [*cls.failure_outlets, *cls.minor_outlets, *(["else"] if cls.branching else [])]
    ways = {"ends": cls.fixed_outlets, "branching": cls.branching, "aside": aside}
    calls = cls.on_answer is not NodeType.on_answer
    return {**_words(cls), **ways, "waits": cls.waits, "calls": calls, "trigger": False}


def _trigger(cls: type[TriggerType]) -> dict[str, Any]:
    ways = {"ends": (TRIGGER_OUTLET,), "branching": "", "aside": []}
    shown = {**_words(cls), **ways, "waits": False, "calls": False, "trigger": True}
    schema = shown["schema"]
    return {**shown, "schema": {**schema, "properties": _in_order(schema["properties"], cls.first_fields)}}


def _in_order(properties: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    """What people need first stands first; the others as they are written."""
    return {name: properties[name] for name in first} | properties


def _words(cls: type[NodeType] | type[TriggerType]) -> dict[str, Any]:
    about = " ".join((cls.__doc__ or "").split()).replace("*", "").replace("`", "").partition(". ")[0].rstrip(".") + "."
    shown = {"title": cls.title, "icon": cls.icon, "group": cls.group, "summary": cls.summary}
    shown |= {"summaries": getattr(cls, "summaries", {}), "summarised_by": getattr(cls, "summarised_by", "")}
    return {**shown, "about": about, "schema": cls.model_json_schema()}
