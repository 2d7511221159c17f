"""An event of RudderStack starts the workflow: by its type and its name."""

from typing import ClassVar

from apps.sources.source_rule import SourceName, source_named
from apps.sources.tracking_rule import TrackingRule


class RudderStack(TrackingRule):
    """An event that a RudderStack source tells of."""

    kind: ClassVar[str] = "rudderstack"
    title: ClassVar[str] = "RudderStack"
    icon: ClassVar[str] = "activity"
    source: SourceName = source_named("rudderstack")
