"""An event of Mixpanel, or a change of a cohort, starts the workflow."""

from typing import ClassVar

from apps.sources.cohort_rule import CohortRule
from apps.sources.source_rule import SourceName, source_named


class Mixpanel(CohortRule):
    """An event that a Mixpanel source tells of, or somebody who enters or leaves a cohort."""

    kind: ClassVar[str] = "mixpanel"
    title: ClassVar[str] = "Mixpanel"
    icon: ClassVar[str] = "activity"
    source: SourceName = source_named("mixpanel")
