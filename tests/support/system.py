"""The system as processes, and its commands."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

from django.core.management import call_command


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


ROOT = Path(__file__).resolve().parents[2]
DATABASE = os.environ.get("DATABASE_URL", "")
BODY = {"status": "failed", "order_id": "A-1", "customer_id": "P-42", "amount": 5}


def manage(env: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout
