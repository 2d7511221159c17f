"""What people do while runs are under way, one a line of stdin: `cancel RUN`, or a verb below and a workflow's name."""

import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.events import firing
from apps.runs.claims import interventions
from apps.runs.models import DigestWindow
from apps.workflows.models import Workflow
from apps.workflows.release import lifecycle, publishing

OTHER = {
    "nodes": [{"id": "start", "kind": "webhook", "settings": {}}, {"id": "end", "kind": "stop", "settings": {}}],
    "edges": [{"source": "start", "outlet": "next", "target": "end"}],
}


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints each run whose cancelling was confirmed."""
        for line in sys.stdin:
            verb, _, name = line.strip().partition(" ")
            if verb == "cancel":
                if interventions.cancel(UUID(name), "a test", timezone.now()):
                    self.stdout.write(name)
            else:
                getattr(self, verb)(Workflow.objects.get(name=name))

    def publish(self, workflow: Workflow) -> None:
        """Another drawing goes Live, and the old version is Live no more."""
        version = publishing.save(workflow, parse_graph(OTHER), by=None, now=timezone.now())
        publishing.go_live(version, by=None, now=timezone.now())

    def copy(self, workflow: Workflow) -> None:
        lifecycle.duplicate(workflow, by=None, now=timezone.now())

    def pause(self, workflow: Workflow) -> None:
        publishing.pause(workflow, by=None)

    def resume(self, workflow: Workflow) -> None:
        publishing.resume(workflow, by=None)

    def behead(self, workflow: Workflow) -> None:
        """The run that opened the digest's window is cancelled."""
        window = DigestWindow.objects.get(workflow=workflow, open=True)
        if interventions.cancel(window.run_id, "a test", timezone.now()):
            self.stdout.write(str(window.run_id))

    def paid(self, workflow: Workflow) -> None:
        """What the runs of the workflow wait for comes."""
        firing.fire(workflow.workspace, firing.Custom(name="paid", data={"customer": "c-42"}), timezone.now())

    def archive(self, workflow: Workflow) -> None:
        lifecycle.archive(workflow, by=None, now=timezone.now())

    def delete(self, workflow: Workflow) -> None:
        """Refused while it has runs: prints why."""
        try:
            lifecycle.delete(workflow)
        except Refused as why:
            self.stdout.write(str(why))
