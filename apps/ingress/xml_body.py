"""XML as JSON-like data: an element without attributes and children is its text, any other an object.

Attributes are `@name`, the whole text of an element that has attributes or children is `#text`, an element that comes
more than once is a list. Prefixes and namespaces are left out: names are what people read.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import TreeBuilder

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from apps.common import bounded_json, charsets

TEXT = "#text"


def read_xml(body: bytes, charset: str = "") -> dict[str, Any]:
    """The document. A charset that the Content-Type names wins over what the document says. Raises Malformed."""
    parser = ElementTree.DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(charsets.decoded(body, charset) if charset else body)
        root = parser.close()
    except bounded_json.Malformed:
        raise
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise bounded_json.Malformed(f"not XML that is taken here: {str(error)[:200]}") from None
    return {_local(root.tag): _element(root)}


class _Bounded(TreeBuilder):
    """Builds no more elements and attributes, and no deeper, than the gate allows."""

    depth = count = 0

    def start(self, tag: Any, attrs: Any) -> Any:
        self.depth, self.count = self.depth + 1, self.count + 1 + len(attrs)
        if self.depth > bounded_json.MAX_DEPTH:
            raise bounded_json.Malformed(f"nested deeper than {bounded_json.MAX_DEPTH}")
        if self.count > bounded_json.MAX_KEYS:
            raise bounded_json.Malformed(f"more than {bounded_json.MAX_KEYS} elements and attributes")
        return super().start(tag, attrs)

    def end(self, tag: Any) -> Any:
        self.depth -= 1
        return super().end(tag)


def _element(element: Any, *, is_told: bool = False) -> Any:
    """`is_told`: an element around it has its text already, so that no text is there more than twice."""
    is_mixed = _is_mixed(element)
    text = bounded_json.clean(_text(element, whole=is_mixed and not is_told)).strip()
    if not len(element) and not element.attrib:
        return text
    found = {f"@{_local(name)}": bounded_json.clean(value) for name, value in element.attrib.items()}
    found |= bounded_json.gathered(
        (_local(child.tag), _element(child, is_told=is_told or is_mixed)) for child in element
    )
    return {**found, TEXT: text} if text else found


def _is_mixed(element: Any) -> bool:
    """Whether text stands beside its children: then the whole of it is what a person reads there."""
    return len(element) > 0 and any(piece.strip() for piece in _own(element))


def _text(element: Any, *, whole: bool) -> str:
    return "".join(element.itertext()) if whole else "".join(_own(element))


def _own(element: Any) -> Iterator[str]:
    yield element.text or ""
    yield from (child.tail or "" for child in element)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
