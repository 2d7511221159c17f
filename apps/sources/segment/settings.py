"""An event of Segment starts the workflow: by its type and its name."""

from typing import ClassVar

from apps.sources.source_rule import SourceName, source_named
from apps.sources.tracking_rule import TrackingRule


class Segment(TrackingRule):
    """An event that a Segment source tells of."""

    kind: ClassVar[str] = "segment"
    title: ClassVar[str] = "Segment"
    icon: ClassVar[str] = "activity"
    source: SourceName = source_named("segment")
