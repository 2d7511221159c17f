"""How long the lists take where there are a million runs, messages and people: the median of each page, in ms.

.venv/bin/python bench/pages.py --database postgresql://…bench [--rows 1000000]

The database is emptied first, so its name must end with `bench`. The line is added to bench/results/pages.jsonl.
"""

import json
import os
import statistics
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
RESULTS = ROOT / "bench" / "results" / "pages.jsonl"
TRIES, MOST_MS = 7, 150
MADE_AT = "now() - n * interval '0.5 second'"
# Ids begin with the time: see apps/common/ids.py.
TIME_HEX = "lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0')"
ID = f"({TIME_HEX.format(at=MADE_AT)} || '7' || right(replace(gen_random_uuid()::text, '-', ''), 19))::uuid"
RUNS = f"""
WITH made AS MATERIALIZED (SELECT n, {MADE_AT} AS at, {ID} AS id FROM generate_series(1, %(rows)s) n),
events AS (INSERT INTO events_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', made.id,
  'received_at', at))).* FROM events_event e, made WHERE e.id = %(event)s RETURNING id)
INSERT INTO runs_run SELECT (jsonb_populate_record(r, jsonb_build_object('id', made.id, 'event_id', made.id,
  'workflow_id', CASE WHEN n %% 1000 = 0 THEN %(rare_flow)s ELSE r.workflow_id END,
  'state', CASE WHEN n %% 997 = 0 THEN 'failed' ELSE r.state END, 'created_at', at))).*
FROM runs_run r, made WHERE r.id = %(run)s
"""
MADE = (
    "WITH made AS (SELECT id, row_number() OVER (ORDER BY id) AS n, created_at AS at FROM runs_run WHERE id <> %(run)s)"
)
SAID = f"""
{MADE} INSERT INTO notifications_notification (id, workspace_id, event_id, effect_key, created_at)
SELECT made.id, s.workspace_id, CASE WHEN n %% 1000 = 0 THEN %(rare_event)s ELSE s.event_id END, made.id, at
FROM notifications_notification s, made WHERE s.id = %(said)s
"""
MESSAGES = f"""
{MADE} INSERT INTO channels_delivery SELECT (jsonb_populate_record(d, jsonb_build_object('id', made.id,
  'run_id', made.id, 'notification_id', made.id, 'effect_key', made.id, 'created_at', at,
  'address', 'person' || n || '@example.com', 'channel', CASE WHEN n %% 1000 = 0 THEN 'push' ELSE 'email' END,
  'connection_id', CASE WHEN n %% 1000 = 0 THEN %(rare_connection)s ELSE d.connection_id END,
  'state', CASE WHEN n %% 997 = 0 THEN 'failed' WHEN n %% 5000 = 0 THEN 'skipped' ELSE 'sent' END))).*
FROM channels_delivery d, made WHERE d.id = %(delivery)s
"""
PEOPLE = f"""
WITH made AS MATERIALIZED (SELECT n, {MADE_AT} AS at, {ID} AS id FROM generate_series(1, %(rows)s) n),
people AS (INSERT INTO people_person (id, workspace_id, name, time_zone, language, attributes, created_at, updated_at)
  SELECT id, %(workspace)s, '', '', '', jsonb_build_object('plan', CASE WHEN n %% 10000 = 0 THEN 'rare' ELSE 'gold' END),
  at, at FROM made RETURNING id),
terms AS (INSERT INTO people_personterm (workspace_id, person_id, name, word) SELECT %(workspace)s, id, 'plan',
  CASE WHEN n %% 10000 = 0 THEN 'plan=rare' ELSE 'plan=gold' END FROM made RETURNING id)
INSERT INTO people_personidentity (id, workspace_id, person_id, kind, scope, value, since)
SELECT gen_random_uuid(), %(workspace)s, id, k, '', CASE k WHEN 'email' THEN 'person' || n || '@example.com' ELSE 'c-' || n END,
  at FROM made, unnest(ARRAY['distinct_id', 'email']) k
"""
BUSY = [
    f"UPDATE {table} SET person_id = %(busy)s WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT 20000)"
    for table in ("events_event", "runs_run", "channels_delivery")
]


def main() -> None:
    given = arguments()
    os.environ |= {"DATABASE_URL": given.database, "DJANGO_SETTINGS_MODULE": "fynoflow.settings"}
    import django

    django.setup()
    pages = filled(given.rows, given.keep)
    took = {name: timed(*page) for name, page in pages.items()}
    line = json.dumps({"rows": given.rows, "ms": took, "over": [name for name, ms in took.items() if ms > MOST_MS]})
    with RESULTS.open("a") as file:
        file.write(line + "\n")
    print(line)


def filled(rows: int, keep: bool) -> dict[str, tuple[Any, str]]:
    """Empties and fills the database, unless it is kept. The pages by name: who asks, and the URL."""
    from django.core.management import call_command
    from django.test import Client

    from apps.accounts.models import User
    from apps.channels.models import Connection
    from apps.workflows.models import Workflow

    call_command("migrate", verbosity=0)
    if not keep:
        fill(rows)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get())
    flow, rare_flow = Workflow.objects.exclude(name="Rare").get(), Workflow.objects.get(name="Rare")
    home, rare_account = f"/w/{flow.workspace.wsid}", Connection.objects.get(name="Rare")
    return {name: (client, f"{home}{end}") for name, end in ends(flow, rare_flow, rare_account.pk, rows).items()}


def fill(rows: int) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from apps.channels.models import Connection
    from apps.people.models import AttributeType
    from apps.workflows import example
    from apps.workflows.models import Workflow
    from apps.workflows.release import publishing

    call_command("flush", interactive=False, verbosity=0)
    example.load("http://localhost:9", timezone.now())
    flow = Workflow.objects.get()
    rare_flow = publishing.create(flow.workspace, "Rare")
    rare_account = Connection.objects.create(workspace=flow.workspace, name="Rare", kind="capture")
    given = {**one_of_each(flow), "rows": rows, "rare_flow": rare_flow.pk, "rare_connection": rare_account.pk}
    given |= {"workspace": flow.workspace_id}
    AttributeType.objects.create(workspace=flow.workspace, name="plan", type="text")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for sql in (RUNS, SAID, MESSAGES, PEOPLE):
            cursor.execute(sql, given)
        for sql in BUSY:
            cursor.execute(sql, {"busy": busy_person()})
        cursor.execute("ANALYZE")
        cursor.execute("RESET statement_timeout")


def busy_person() -> Any:
    from apps.people.models import Person

    return Person.objects.order_by("id").values_list("pk", flat=True).first()


def one_of_each(flow: Any) -> dict[str, Any]:
    """The rows that all others are made after."""
    from django.utils import timezone

    from apps.channels.models import Connection, Delivery
    from apps.events.models import Event
    from apps.notifications.models import Notification, NotificationEvent
    from apps.runs.models import Run

    now, mine = timezone.now(), {"workspace": flow.workspace}
    event = Event.objects.create(**mine, kind="trigger.fired", environment="live", state="routed", received_at=now)
    times = {"created_at": now, "ended_at": now}
    run = Run.objects.create(
        **mine, **times, workflow=flow, version=flow.live, event=event, environment="live", state="completed"
    )
    common, rare = NotificationEvent.objects.order_by("name")[:2]
    said = Notification.objects.create(**mine, event=common, effect_key="k", created_at=now)
    delivery = Delivery.objects.create(
        **mine,
        **times,
        notification_id=said.pk,
        run_id=run.pk,
        environment="live",
        channel="email",
        address="a@example.com",
        content={"subject": "Order A-1 confirmed", "text": "It is confirmed. " * 10},
        connection=Connection.objects.exclude(name="Rare").first(),
        effect_key="k",
        state="sent",
        expires_at=now,
    )
    keys = {"event": event.pk, "run": run.pk, "said": said.pk, "delivery": delivery.pk}
    return {**keys, "rare_event": rare.pk}


def ends(flow: Any, rare_flow: Any, rare_account: int, rows: int) -> dict[str, str]:
    from apps.notifications.models import NotificationEvent

    common, rare = NotificationEvent.objects.order_by("name")[:2]
    asked = {
        "all": "",
        "last page": "page=400",
        "look": "status=look",
        "lost": "status=lost",
        "failed": "status=failed",
        "skipped": "status=skipped",
        "queued": "status=ready",
        "rare channel": "channel=push",
        "no such channel used": "channel=whatsapp",
        "common workflow": f"workflow={flow.slug}",
        "rare workflow": f"workflow={rare_flow.slug}",
        "common event": f"event={common.name}",
        "rare event": f"event={rare.name}",
        "rare connection": f"connection={rare_account}",
        "address": f"q=person{rows // 2}@example.com",
        "an hour": "since=2026-01-01T00:00&until=2099-01-01T00:00",
        "rare workflow that failed": f"workflow={rare_flow.slug}&status=failed",
    }
    lists = {f"messages, {name}": f"/messages?{query}" for name, query in asked.items()}
    runs = {
        f"runs, {name}": f"/runs?{q}" for name, q in {"all": "", "bad": "status=bad", "going": "status=going"}.items()
    }
    people = {
        "all": "",
        "id": f"q=c-{rows // 2}",
        "beginning": "q=c-1",
        "common attribute": "attribute=plan&value=gold",
        "rare attribute": "attribute=plan&value=rare",
        "no such attribute": "attribute=plan&value=none",
    }
    whom = {f"people, {name}": f"/people?{query}" for name, query in people.items()}
    return {"home": "/", **lists, **runs, **whom, "a busy person": f"/people/{busy_person()}"}


def timed(client: Any, url: str) -> float:
    """The median of a few, after one that warms up."""
    took = []
    for _ in range(TRIES + 1):
        began = time.perf_counter()
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        took.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(took[1:]), 1)


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="measure what an earlier call filled")
    given = parser.parse_args()
    if not given.database.endswith("bench"):
        parser.error("the database is emptied first, so its name must end with `bench`")
    return given


if __name__ == "__main__":
    main()
