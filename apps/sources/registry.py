"""The trigger types, by kind."""

from apps import sources
from apps.common.registry import Registry
from apps.sources.contract import TriggerType

TRIGGERS: Registry[TriggerType] = Registry(sources, TriggerType, in_folders=True)


def trigger_choices() -> list[tuple[str, str]]:
    return TRIGGERS.choices()
