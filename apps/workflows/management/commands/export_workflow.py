"""Write a version of a workflow as a JSON document, for version control or another installation. No secret is in it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common.trouble import Refused
from apps.workflows.transfer.document import document_of
from apps.workflows.transfer.lookup import state_of, version_named, workflow_named
from apps.workspaces.models import Workspace


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", metavar="WSID")
        parser.add_argument("workflow", help="its name or its public id")
        parser.add_argument(
            "--which", default="", metavar="V", help="live, test or a number; else the Live or the Test one"
        )
        parser.add_argument("--to", type=Path, metavar="FILE", help="else it is printed")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(wsid=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']}.")
        try:
            version = version_named(workflow_named(workspace, options["workflow"]), options["which"])
        except Refused as trouble:
            raise CommandError(f"Not exported: {trouble}.") from None
        text = document_of(version, state_of(version)).text()
        if options["to"] is None:
            self.stdout.write(text, ending="")
            return
        options["to"].write_text(text)
        self.stdout.write(f"{version.workflow} {version} is in {options['to']}.")
