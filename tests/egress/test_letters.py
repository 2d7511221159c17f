"""What a mail reader decodes is what was written, in every script and of any length."""

import re
from email import message_from_bytes, policy
from email.header import decode_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.common.effects import Mail
from apps.egress.letters import composed, one_line

HINDI = "आपका ऑर्डर A-1 सफलतापूर्वक कन्फर्म हो गया है, धन्यवाद! कृपया ध्यान दें कि डिलीवरी कल सुबह तक हो जाएगी"
ADDRESS = "noreply@example.com"
SCRIPTS = 'abc ABC 019 !?=_"<>@ आपकाऑर्डर சென்னை 日本語 Привет שלום café 👨‍👩‍👧 \u00a0\u200d\t\r\n'


def mail(subject: str = "x", sender: str = "noreply@example.com") -> Mail:
    facts = {"host": "h", "port": 25, "security": "none", "text": "x", "message_id": "<1@example.com>"}
    return Mail(subject=subject, sender=sender, to="a@example.com", **facts)


def old_reader(content: bytes, header: str) -> str:
    """As readers from before RFC 6532 decode: encoded words beside each other lose the blank between them."""
    raw = message_from_bytes(content)[header].replace("\r\n", "").replace("\n", "")
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in decode_header(raw)
    )


@given(st.text(alphabet=SCRIPTS, max_size=300))
@example(HINDI)
@example("=?utf-8?q?not_a_word?=")
@example("x" * 1200)
@example("a " * 300)
@example("line one\r\nBcc: evil@example.com")
def test_a_subject_decodes_to_what_was_written(subject: str) -> None:
    content, wanted = composed(mail(subject)).content, one_line(subject)
    if "=?" not in wanted:  # which Python's own reader decodes twice
        assert str(message_from_bytes(content, policy=policy.default)["Subject"] or "") == wanted
    assert old_reader(content, "Subject") == wanted
    head = content.partition(b"\r\n\r\n")[0]
    assert head.isascii() and all(len(line) <= 76 for line in head.split(b"\r\n"))
    assert b"evil" not in head or b"\nBcc" not in head
    for word in re.findall(rb"=\?utf-8\?.\?[^?]*\?=", head):
        assert len(word) <= 75
        decode_header(word.decode())[0][0].decode()  # each word has whole letters


@pytest.mark.parametrize("length", range(1, len(HINDI)))
def test_every_prefix_of_a_sentence_keeps_its_blanks(length: int) -> None:
    assert old_reader(composed(mail(HINDI[:length])).content, "Subject") == HINDI[:length].strip()


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("noreply@example.com", ""),
        ("Acme <noreply@example.com>", "Acme"),
        ('"Acme, Inc." <noreply@example.com>', "Acme, Inc."),
        ("आपका बैंक <noreply@example.com>", "आपका बैंक"),
        (f"{HINDI.replace(',', '')} <noreply@example.com>", HINDI.replace(",", "")),
    ],
)
def test_the_senders_name_is_read_and_the_envelope_has_the_address_alone(sender: str, name: str) -> None:
    letter = composed(mail(sender=sender))
    assert old_reader(letter.content, "From").replace('"', "") == (f"{name} <{ADDRESS}>" if name else ADDRESS)
    assert letter.sender == ADDRESS
