"""What pydantic finds wrong, as people say it: no pattern and no name of a type is shown to anybody."""

ALLOWED = "It has signs that cannot stand here."
# By the pattern, what may stand there.
PATTERNS = {
    r"^[A-Za-z0-9_.:-]{1,50}$": "Give it a name of letters, digits and . _ : - (50 at most).",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "Use letters, digits and _, beginning with a letter.",
    r"^([01]\d|2[0-3]):[0-5]\d$": "Write a time of day as 09:00.",
    r"^[A-Za-z0-9-]+$": "Use letters, digits and hyphens.",
    r"^[^.]+(\.[^.]+)?$": "Write one name, or two with a dot between, as order.id.",
}
KINDS = {
    "bool_parsing": "Choose yes or no.",
    "extra_forbidden": "There is no such setting: take it out.",
    "int_parsing": "Write a whole number.",
    "float_parsing": "Write a number.",
    "missing": "Fill this in.",
    "too_short": "Add at least one.",
}


def plain_fault(kind: str, message: str) -> str:
    """A sentence for a fault of this type with this message."""
    if kind == "string_pattern_mismatch":
        return next((words for pattern, words in PATTERNS.items() if f"'{pattern}'" in message), ALLOWED)
    if kind == "string_too_short" and " 1 character" in message:
        return KINDS["missing"]
    if kind in KINDS:
        return KINDS[kind]
    said = message.removeprefix("Value error, ").replace("Input should be", "It should be", 1)
    return f"{said[:1].upper()}{said[1:]}."
