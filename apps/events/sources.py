"""What arrives at a source: one event for each thing that happened; whose workflows it starts is found later."""

OCCURRED = "source.fired"
COHORT_TOLD = "cohort.told"  # a part of who is in a cohort: what it changes occurs then, for each member
