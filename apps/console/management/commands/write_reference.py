"""Write docs/reference.md from schemas and docstrings."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.console.reference import reference


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE / "docs" / "reference.md"
        path.write_text(reference())
        self.stdout.write(f"wrote {path}")
