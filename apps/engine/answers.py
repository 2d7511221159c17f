"""What a block keeps of an HTTP answer, and in words what it could not keep."""

import json
from typing import Any

from apps.common import bounded_json, charsets
from apps.common.effects import Answer
from apps.common.trouble import Malformed
from apps.common.values import Value
from apps.engine.fields import NamedPath
from apps.engine.values.bounds import MAX_OUTPUT_BYTES
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING

MAX_HEADERS, MAX_HEADER, MAX_WORDS = 50, 1000, 4096


class Kept(Value):
    """The output of the block; `notes` say what is not as the answer had it."""

    output: dict[str, Any]
    notes: tuple[str, ...] = ()


def kept_of(answer: Answer, names: list[NamedPath]) -> Kept:
    """Status, headers, the body as a document where it is one, and the values that get names."""
    body, trouble = _document(answer)
    whole = RunData(trigger=body) if isinstance(body, dict) else RunData(trigger={"body": body})
    named = {row.name: whole.lookup(row.path) for row in names}
    absent = [name for name, value in named.items() if value is MISSING]
    small, left_out = fitting(body, MAX_OUTPUT_BYTES)
    found = {name: value for name, value in named.items() if value is not MISSING}
    given = {"status": answer.status, "headers": _headers(answer), **({} if small is MISSING else {"body": small})}
    return Kept(output={**given, **found}, notes=tuple(_notes(answer, trouble, absent, left_out)))


def _notes(answer: Answer, trouble: str, absent: list[str], left_out: list[str]) -> list[str]:
    notes = ["the connection broke within the body"] if answer.cut else []
    if answer.truncated:
        notes.append("the answer is larger than 1 MiB, and only its beginning was read")
    elif trouble:
        notes.append(f"the answer is no JSON that is taken: {trouble}")
    if absent:
        notes.append(f"not {'read' if trouble else 'in the answer'}: {', '.join(absent)}")
    if left_out:
        most = MAX_OUTPUT_BYTES // 1024
        notes.append(
            f"the answer has more than {most} KiB, so {', '.join(left_out)[:200]} is left out: give a name to what you"
            " need of it with Save from the answer"
        )
    return notes


def _document(answer: Answer) -> tuple[Any, str]:
    """The document, or the first words of a text; and why what looks like JSON is none."""
    kind = answer.header("content-type") or ""
    try:
        return bounded_json.loads(answer.body, charset=charsets.stated(kind), lenient=True), ""
    except Malformed as trouble:
        looks_so = "json" in kind.lower() or answer.body.lstrip()[:1] in (b"{", b"[")
        return _words(answer.body, charsets.stated(kind)), str(trouble) if looks_so else ""


def _words(body: bytes, charset: str) -> Any:
    try:
        text = charsets.decoded(body, charset)
    except Malformed:
        text = body.decode("utf-8", "replace")
    return bounded_json.clean(text[:MAX_WORDS])


def fitting(document: Any, most: int, place: str = "body") -> tuple[Any, list[str]]:
    """The document without the parts that make it larger than `most` bytes, and where they were; MISSING: no part fits.

    What is kept is whole: a list is never cut, for whoever counts or repeats it would not know.
    """
    if _size(document) <= most:
        return document, []
    if not isinstance(document, dict):
        return MISSING, [place]
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    room = most - 2
    for name, value in sorted(document.items(), key=lambda row: _size(row[1])):
        part, gone = fitting(value, room - len(name) - 8, f"{place}.{name}")
        left_out += gone
        if part is not MISSING:
            kept[name] = part
            room -= _size(part) + len(name) + 8
    return {name: kept[name] for name in document if name in kept}, left_out


def _size(document: Any) -> int:
    return len(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _headers(answer: Answer) -> dict[str, str]:
    """By lower-case name; cookies are the other side's sessions and are left out."""
    rows = [(name.lower(), bounded_json.clean(value[:MAX_HEADER])) for name, value in answer.headers[:MAX_HEADERS]]
    return {name: value for name, value in rows if name != "set-cookie"}
