"""What a workflow is drawn from: a trigger and nothing else."""

from typing import Any

from apps.sources.registry import TRIGGERS


def first_drawing(kind: str = "") -> dict[str, Any]:
    """A drawing with this trigger; without one, with the first that has a URL of its own."""
    known = TRIGGERS.all()
    kind = kind if kind in known else next(name for name, cls in known.items() if cls.has_url)
    start = {"id": "start", "kind": kind, "name": known[kind].title, "position": {"x": 0, "y": 0}}
    return {"nodes": [{**start, "settings": known[kind].first_settings}], "edges": []}
