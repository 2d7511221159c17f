"""Names what live and test versions, and templates, do otherwise since the rules of docs/upgrading.md."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from apps.engine.changes import changes, of_text
from apps.notifications.models import PARTS, Content
from apps.workflows.models import Workflow


class Command(BaseCommand):
    help = "Names the workflows and templates that do something else since the rules of docs/upgrading.md."

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [*_of_workflows(), *_of_templates()]
        for line in lines:
            self.stdout.write(line)
        self.stdout.write(f"{len(lines)} places to look at" if lines else "Nothing does anything else.")


def _of_workflows() -> Iterator[str]:
    rows = Workflow.objects.filter(archived_at=None).select_related("workspace", "live", "test")
    for workflow in rows.order_by("workspace__name", "name").iterator():
        versions = {version.pk: version for version in (workflow.live, workflow.test) if version}
        for version in versions.values():
            where = f"{workflow.workspace} › {workflow.name} v{version.number}"
            yield from (f"{where} › {block} {said}" for block, said in changes(version.drawing()))


def _of_templates() -> Iterator[str]:
    rows = Content.objects.select_related("template__workspace").order_by("template__workspace__name", "template__name")
    for content in rows.iterator():
        where = f"{content.template.workspace} › template {content.template.name}, {content.channel}"
        found = [said for part in PARTS for said in of_text(getattr(content, part))]
        yield from (f"{where} {said}" for said in dict.fromkeys(found))
