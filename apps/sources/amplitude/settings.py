"""An event of Amplitude, or a change of a cohort, starts the workflow."""

from typing import ClassVar

from apps.sources.cohort_rule import CohortRule
from apps.sources.source_rule import SourceName, source_named


class Amplitude(CohortRule):
    """An event that an Amplitude source tells of, or somebody who enters or leaves a cohort."""

    kind: ClassVar[str] = "amplitude"
    title: ClassVar[str] = "Amplitude"
    icon: ClassVar[str] = "activity"
    source: SourceName = source_named("amplitude")
