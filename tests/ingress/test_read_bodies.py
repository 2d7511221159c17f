"""What comes in is what was written: XML, forms and JSON of any sender, in any charset."""

import pytest
from django.test import Client

from apps.common.trouble import Malformed
from apps.engine.conditions import ConditionGroup, evaluate
from apps.engine.texts.templates import filled_value, render
from apps.engine.values.data import RunData
from apps.ingress.request import IncomingRequest, WrongType, read_body
from apps.runs.models import Run
from tests.support import draw
from tests.support.clock import NOW, Clock, drain
from tests.support.outside import path_of

PAYMENT = """<payment><id>P1</id><amount currency="INR">499.00</amount>
  <phone type="mobile">+919800000001</phone><guid isPermaLink="false"><![CDATA[abc-1]]></guid></payment>"""
SOAP = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns="http://shop.example/v1">
  <s:Body><order s:mustUnderstand="1"><id>7</id></order></s:Body></s:Envelope>"""
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


def read(body: bytes | str, kind: str) -> dict:
    return read_body(
        IncomingRequest(method="POST", content_type=kind, body=body.encode() if isinstance(body, str) else body)
    )


def parts(*found: tuple[str, bytes]) -> bytes:
    lines = [b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body for head, body in found]
    return b"\r\n".join([*lines, b"--x--\r\n"])


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (PAYMENT, "payment.amount.#text", "499.00"),
        (PAYMENT, "payment.amount.@currency", "INR"),
        (PAYMENT, "payment.phone", "+919800000001"),
        (PAYMENT, "payment.guid", "abc-1"),
        (SOAP, "Envelope.Body.order.id", "7"),
        (SOAP, "Envelope.Body.order.@mustUnderstand", "1"),
        ("<p>Hello <b>you</b> there</p>", "p", "Hello you there"),
        ("<p>Hello <b>you</b> there</p>", "p.b", "you"),
        ("<a><b> x </b><!-- no --><b/></a>", "a.b", "x, "),
        ("<a><b k='v'/></a>", "a.b.@k", "v"),
    ],
)
def test_every_text_of_an_xml_document_can_be_said(body: str, path: str, says: str) -> None:
    data = RunData(trigger=read(body, "application/xml"))
    assert render(f"{{{{ {path} }}}}", data) == says
    assert render(f"It says {{{{ {path} }}}}.", data) == f"It says {says}."


def test_an_xml_amount_with_a_currency_is_compared_as_a_number() -> None:
    data = RunData(trigger=read(PAYMENT, "text/xml"))
    test = {"type": "test", "field": "payment.amount", "op": "greater", "value": "400"}
    assert evaluate(ConditionGroup(items=[test]), data, NOW).holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ payment.amount | plus: 1 }} {{ payment.amount | money }}", "500 499.00"),
        ("{% if payment.amount == '499.00' %}yes{% endif %}{% if payment.phone contains '91' %}!{% endif %}", "yes!"),
        ("{{ payment.amount | json }}", '{"@currency": "INR", "#text": "499.00"}'),
        ("{{ payment.amount.@currency }} {{ payment.amount['#text'] }}", "INR 499.00"),
    ],
)
def test_an_xml_amount_is_its_text_to_a_text(text: str, says: str) -> None:
    assert render(text, RunData(trigger=read(PAYMENT, "text/xml"))) == says


def test_an_xml_amount_alone_is_its_text_where_a_type_is_kept() -> None:
    data = RunData(trigger=read(PAYMENT, "text/xml"))
    assert filled_value("{{ payment.amount }}", data) == "499.00"
    assert filled_value("{{ payment }}", data)["amount"] == {"@currency": "INR", "#text": "499.00"}


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("application/cloudevents+json; charset=utf-8", b'{"a": 1}', {"a": 1}),
        ("application/vnd.api+json", b"[1]", {"body": [1]}),
        ("text/json", b'{"a": 1}', {"a": 1}),
        ("application/soap+xml; action=x", b"<a>1</a>", {"a": "1"}),
        ("application/atom+xml", b"<a>1</a>", {"a": "1"}),
        ("", b'{"a": 1}', {"a": 1}),
        ("application/json; charset=iso-8859-1", '{"a": "José"}'.encode("latin-1"), {"a": "José"}),
        ("text/plain; charset=windows-1251", "Привет".encode("cp1251"), {"text": "Привет"}),
        ("text/xml; charset=windows-1252", "<a>José €</a>".encode("cp1252"), {"a": "José €"}),
        ("application/xml", '<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"), {"a": "é"}),
        (FORM, b"first_name=Jos%E9&charset=windows-1252", {"first_name": "José", "charset": "windows-1252"}),
        (FORM, b"n=%82%a0&_charset_=Shift_JIS", {"n": "あ", "_charset_": "Shift_JIS"}),
        (FORM + "; charset=windows-1252", b"n=Jos%E9&m=\xe9", {"n": "José", "m": "é"}),
        (FORM, "n=José+%C3%A9".encode(), {"n": "José é"}),
        (FORM, b"n=%00", {"n": "\ufffd"}),
        (FORM, b' {"a": 1}', {"a": 1}),
        (FORM, b"[1]=2&x=3", {"[1]": "2", "x": "3"}),
        (
            MULTIPART,
            parts(('name="a"\r\nContent-Type: text/plain; charset=iso-8859-1', b"caf\xe9"), ('name="b"', "é".encode())),
            {"a": "café", "b": "é"},
        ),
        (
            MULTIPART,
            parts(('name="text"', b"caf\xe9"), ('name="charsets"', b'{"text": "iso-8859-1"}')),
            {"text": "café", "charsets": '{"text": "iso-8859-1"}'},
        ),
        (MULTIPART, parts(('name="_charset_"', b"cp1252"), ('name="a"', b"\x80")), {"_charset_": "cp1252", "a": "€"}),
        (MULTIPART, parts(('name="a"\r\nContent-Transfer-Encoding: quoted-printable', b"=C3=A9")), {"a": "é"}),
        (MULTIPART, parts(('name="a"\r\nContent-Transfer-Encoding: base64', b"w6k=")), {"a": "é"}),
        (
            MULTIPART,
            parts(('name="f"; filename="bill.pdf"\r\nContent-Type: application/pdf', b"%PDF")),
            {"f": {"filename": "bill.pdf", "content_type": "application/pdf", "size": 4}},
        ),
        (
            MULTIPART,
            parts(("name=\"f\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf", b"x")),
            {"f": {"filename": "résumé.pdf", "content_type": "", "size": 1}},
        ),
        (
            "application/json",
            b'{"a": 18446744073709551615, "b": 9223372036854775807, "c": 12345678901234567.89, "d": 1e400, "e": 1.10}',
            {"a": "18446744073709551615", "b": 2**63 - 1, "c": "12345678901234567.89", "d": "1e400", "e": 1.1},
        ),
        ("application/json", b'{"a": 0.10000000000000001, "b": 12345678901234.56}', {"a": 0.1, "b": 12345678901234.56}),
    ],
)
def test_a_body_says_what_its_sender_wrote(kind: str, body: bytes, found: dict) -> None:
    assert read(body, kind) == found


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (FORM, b"n=Jos%E9", "the form is not UTF-8 at byte 3; if it is another charset"),
        (FORM + "; charset=klingon", b"n=1", "the charset 'klingon' is not known"),
        (FORM + "; charset=utf-7", b"n=1", "the charset 'utf-7' is not known"),
        (FORM + "; charset=rot13", b"n=1", "the charset 'rot13' is not known"),
        (MULTIPART, parts(('name="a"', b"caf\xe9")), "the field a is not UTF-8"),
        (MULTIPART, parts(('name="a"\r\nContent-Transfer-Encoding: base64', b"w6k")), "is not"),
        ("text/plain", b"\xff", "not UTF-8"),
        ("application/json", b'{"a": "\xe9"}', "not UTF-8 at byte 7"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_a_question_mark(kind: str, body: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read(body, kind)


@pytest.mark.parametrize("kind", ["image/png", "", "application/x-json+zip"])
def test_a_type_that_is_not_taken_is_told(kind: str) -> None:
    with pytest.raises(WrongType, match=r"is taken|is not taken here"):
        read(b"\x89PNG", kind)


def test_a_get_may_say_its_charset_too() -> None:
    assert read_body(IncomingRequest(method="GET", query="n=Jos%E9&charset=latin1")) == {
        "n": "José",
        "charset": "latin1",
    }


def test_the_message_about_an_xml_payment_says_its_amount(published, clock: Clock) -> None:
    words = {"text": "Payment of {{ payment.amount }} for order {{ payment.id }} received"}
    say = draw.transform("say", rows=[{"name": "text", "value": words}])
    url = published(say, draw.stop("end"))
    assert Client().post(path_of(url), PAYMENT.encode(), content_type="application/xml").status_code == 202
    drain(clock)
    assert Run.objects.get().steps.get(node="say").output["text"] == "Payment of 499.00 for order P1 received"
