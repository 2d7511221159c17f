"""How each notification event of a workspace is said on each channel, for whoever checks a drawing."""

from django.db.models import Prefetch

from apps.engine.drawing.sample_faults import CarriedChannel
from apps.notifications.models import PARTS, EventConnection, NotificationEvent
from apps.providers.contract import CHANNEL_TITLES
from apps.workspaces.models import Workspace

MOST_EVENTS = 1000  # what is beyond is checked by its run
Carried = dict[str, dict[str, CarriedChannel]]


def carried_events(workspace: Workspace) -> Carried:
    """By the event's name and the channel; a channel without a connection is not there."""
    connections = Prefetch("connections", EventConnection.objects.select_related("connection"))
    events = NotificationEvent.objects.of(workspace).select_related("template")
    rows = events.prefetch_related(connections, "template__contents").order_by("name")[:MOST_EVENTS]
    return {event.name: _channels(event) for event in rows}


def _channels(event: NotificationEvent) -> dict[str, CarriedChannel]:
    contents = {content.channel: content for content in event.template.contents.all()}
    found = {}
    for row in event.connections.all():
        content = contents.get(row.channel)
        if content is None:
            why = f"the template {event.template.name} has no words for {CHANNEL_TITLES[row.channel]}"
            found[row.channel] = CarriedChannel(trouble=why)
        else:
            texts = tuple(content.text_of(part) for part in PARTS if getattr(content, part))
            found[row.channel] = CarriedChannel(texts=texts, is_paused=row.connection.paused)
    return found
