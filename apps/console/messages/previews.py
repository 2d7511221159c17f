"""The words of a template as somebody would read them, filled in with a sample."""

from typing import Any

from apps.channels.sms import SmsLength, sms_length
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.drawing.samples import trigger_example
from apps.engine.texts.templates import placeholders, render
from apps.engine.values.data import RunData
from apps.notifications.models import Content, NotificationEvent, Template
from apps.sources.registry import TRIGGERS
from apps.workflows.dependencies import who_uses


class Shown(Value):
    """One channel. `trouble`: why it cannot be filled in; `sms`: how it is counted, for SMS only."""

    title: str
    subject: str = ""
    text: str = ""
    html: str = ""
    trouble: str = ""
    sms: SmsLength | None = None


def preview_of(channel: str, title: str, words: dict[str, str], data: dict[str, Any]) -> Shown:
    content = Content(channel=channel, **words)
    known = RunData(trigger=data)
    try:
        subject = " ".join(render(content.text_of("subject"), known).split())
        text = render(content.text_of("text"), known)
        html = render(content.text_of("html"), known, escape="html") if content.html else ""
    except (Refused, ValueError) as trouble:
        return Shown(title=title, trouble=f"{str(trouble).splitlines()[0][:300]}.")
    return Shown(title=title, subject=subject, text=text, html=html, sms=sms_length(text) if channel == "sms" else None)


def sample_of(template: Template) -> dict[str, Any]:
    """The sample of a workflow that says this template; where there is none, each placeholder stands for itself."""
    for event in NotificationEvent.objects.of(template.workspace).filter(template=template.pk) if template.pk else []:
        for workflow in who_uses(event.workspace, "notification event", event.name):
            version = workflow.live or workflow.test
            found = trigger_example(version.drawing(), TRIGGERS.all()) if version else {}
            if found:
                return found
    return {name: name for name in sorted(_names(template)) if "." not in name}


def _names(template: Template) -> set[str]:
    found: set[str] = set()
    for content in template.contents.all() if template.pk else []:
        for part in (content.subject, content.text, content.html):
            try:
                found |= set(placeholders(part))
            except Refused:
                continue
    return found
