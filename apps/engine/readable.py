"""Whether the tests of a condition can read the values of the samples. Pure."""

from apps.engine.conditions import Test
from apps.engine.values.data import RunData
from apps.engine.values.moments import as_moment, has_no_zone
from apps.engine.values.numerals import NotReadable, as_number
from apps.engine.values.paths import MISSING

ON_DATES = {"before", "after", "within_last_minutes", "within_last_hours", "within_last_days"}
ON_NUMBERS = {"greater", "greater_or_equal", "less", "less_or_equal", "between"}


def doubt_of(test: Test, data: RunData) -> str:
    """What will surprise about the value of the sample that this test looks at; empty: nothing."""
    found = data.lookup(test.field)
    if test.op in ON_DATES and has_no_zone(found):
        zone = data.workspace.get("time_zone", "UTC")
        return f"{test.field} says no time zone in the sample: it is read by the clocks of {zone}."
    try:
        if found is not MISSING and test.op in ON_NUMBERS:
            as_number(found)
        if found is not MISSING and test.op in ON_DATES:
            as_moment(found)
    except NotReadable as doubt:
        return f"{test.field} in the sample: {doubt}. Then the test is false."
    return ""
