"""The trigger types and the sources, by kind."""

from apps import sources
from apps.common.registry import Registry
from apps.sources.contract import TriggerType
from apps.sources.doors import Door

DOORS: Registry[Door] = Registry(sources, Door, in_folders="door")
TRIGGERS: Registry[TriggerType] = Registry(sources, TriggerType, in_folders="settings")


def trigger_choices() -> list[tuple[str, str]]:
    return TRIGGERS.choices()


def source_choices() -> list[tuple[str, str]]:
    return DOORS.choices()
