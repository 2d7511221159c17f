"""Fields that are called as words of Liquid's are read all the same: `{{ account.limit }}`, `{{ in }}`.

The parser takes such a word for its own. So, before it looks, the name is put into brackets, where it cannot be one.
"""

import re
from collections.abc import Iterator

from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from apps.common.trouble import Refused

_KEYWORDS = "and|or|contains|in|offset|limit|reversed|cols|continue|with|for|as|if|else|required|not"
_NAMES = "true|false|nil|null|empty|blank"
_QUOTED = r"""("[^"]*"|'[^']*')"""
_BEHIND_A_DOT = re.compile(rf"{_QUOTED}|(?<!\.)\.\s*((?:{_KEYWORDS}|{_NAMES})(?![\w?-])|[#@]\w[\w-]*)")
_AT_THE_BEGIN = re.compile(rf"\s*({_KEYWORDS})(?![\w?-])")
_VALUE = _KEYWORDS.replace("continue|", "")  # which says something behind `offset:`
_AS_A_VALUE = re.compile(rf"{_QUOTED}|((?:[=<>:,]|\.\.|\b(?:and|or|contains)\b)\s*)({_VALUE})(?![\w?:-])")
_AS_AN_END = re.compile(rf"{_QUOTED}|(\.\.\s*)({_VALUE})(?![\w?:-])")
_DECIDING = ("if", "unless", "elsif", "case", "when", "echo")
_LOOPS = ("for", "tablerow")
MAX_BLANKS = 500
_OPENED, _BLANKS = re.compile(r"\{[{%]"), re.compile(rf"\s{{{MAX_BLANKS}}}")


def refuse_blanks(text: str) -> None:
    """Raise Refused for a placeholder or tag with very many blanks in a row, over which a parser would be long."""
    at = 0
    while opened := _OPENED.search(text, at):
        closed = text.find("}}" if opened[0] == "{{" else "%}", opened.end())
        at = len(text) if closed < 0 else closed
        if _BLANKS.search(text, opened.end(), at):
            raise Refused(f"a placeholder has {MAX_BLANKS} blanks in a row: remove them")


def with_any_names(tokens: Iterator[Token]) -> Iterator[Token]:
    """The tokens of a text, where a name that is a word of the parser's stands in brackets."""
    before = Token("", "", 0, "")
    for token in tokens:
        if token.kind == TOKEN_EXPRESSION:
            token = token._replace(value=_bracketed(token.value, before))
        yield token
        before = token


def _bracketed(expression: str, before: Token) -> str:
    begins = before.kind == TOKEN_OUTPUT or (before.kind == TOKEN_TAG and before.value in _DECIDING)
    if begins and _AT_THE_BEGIN.match(expression):
        expression = _AT_THE_BEGIN.sub(r'["\1"]', expression, count=1)
    if before.value != "liquid":
        operand = _AS_AN_END if before.kind == TOKEN_TAG and before.value in _LOOPS else _AS_A_VALUE
        expression = operand.sub(lambda found: found[1] or f'{found[2]}trigger["{found[3]}"]', expression)
    return _BEHIND_A_DOT.sub(lambda found: found[1] or f'["{found[2]}"]', expression)
