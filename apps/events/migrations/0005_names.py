from django.db import migrations, models


class Migration(migrations.Migration):
    """Names that a newcomer cannot mistake. The database keeps the first ones: old processes go on meanwhile."""

    dependencies = [("events", "0004_what_was_accepted_happens")]

    operations = [
        migrations.AlterModelTable("mark", "events_mark"),
        migrations.RenameModel("Mark", "SearchTerm"),
        migrations.AlterModelTable("seenkey", "events_seenkey"),
        migrations.RenameModel("SeenKey", "IdempotencyKey"),
        migrations.AlterField("idempotencykey", "door", models.CharField(db_column="door", max_length=100)),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("idempotencykey", "one_answer_per_key"),
                migrations.RenameField("idempotencykey", "door", "dedup_scope"),
                migrations.AddConstraint(
                    "idempotencykey",
                    models.UniqueConstraint(fields=("dedup_scope", "key"), name="one_answer_per_key"),
                ),
            ]
        ),
    ]
