"""Write docs/reference.md and the schema of workflow documents from schemas and docstrings."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.console.reference import document_schema, reference


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        written = {"docs/reference.md": reference(), "static/schemas/workflow-1.json": document_schema()}
        for name, text in written.items():
            (settings.BASE / name).write_text(text)
            self.stdout.write(f"wrote {name}")
