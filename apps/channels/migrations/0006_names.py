from django.db import migrations, models


class Migration(migrations.Migration):
    """Names that a newcomer cannot mistake. The database keeps the first ones: old processes go on meanwhile."""

    dependencies = [("channels", "0005_doubts")]

    operations = [
        migrations.AlterModelTable("inboxmessage", "channels_inboxmessage"),
        migrations.RenameModel("InboxMessage", "CapturedMessage"),
        migrations.AlterField("capturedmessage", "received_at", models.DateTimeField(db_column="received_at")),
        migrations.RenameField("capturedmessage", "received_at", "captured_at"),
        migrations.AlterModelTable("gate", "channels_gate"),
        migrations.RenameModel("Gate", "ConnectionLimiter"),
    ]
