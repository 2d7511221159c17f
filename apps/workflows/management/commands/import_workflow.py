"""Take a workflow document into a workspace: as v1 (Test) of a new workflow, or as a version to be picked."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.common.trouble import Refused
from apps.workflows.transfer import importing
from apps.workflows.transfer.document import read
from apps.workspaces.models import Workspace


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", metavar="WSID")
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="say what would come of it, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(wsid=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']}.")
        try:
            document = read(options["file"].read_bytes())
        except (Refused, OSError) as trouble:
            raise CommandError(f"Not imported: {trouble}.") from None
        (plan,) = importing.plans(workspace, [document])
        self._tell(plan)
        if options["check"]:
            return
        (version,) = importing.import_documents(workspace, [document], by=None, now=timezone.now())
        self.stdout.write(f"“{version.workflow}” has {version} now. Its checklist is on its page.")

    def _tell(self, plan: importing.Plan) -> None:
        self.stdout.write(plan.words())
        for match in plan.matches:
            self.stdout.write(f"{'matched' if match.key else 'MISSING'}  {match.need.what} {match.need.name}")
        for problem in plan.problems:
            self.stdout.write(f"{problem.severity}  {problem.node or 'drawing'} {problem.field}: {problem.message}")
