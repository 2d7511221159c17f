from django.db import migrations


class Migration(migrations.Migration):
    """Names that a newcomer cannot mistake. The database keeps the first ones: old processes go on meanwhile."""

    dependencies = [("runs", "0009_one_scheduler")]

    operations = [
        migrations.AlterModelTable("admission", "runs_admission"),
        migrations.RenameModel("Admission", "ThrottleCount"),
        migrations.AlterModelTable("listening", "runs_listening"),
        migrations.RenameModel("Listening", "EventWait"),
    ]
