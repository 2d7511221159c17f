from django.db import migrations


class Migration(migrations.Migration):
    """Names that a newcomer cannot mistake. The database keeps the first ones: old processes go on meanwhile."""

    dependencies = [("triggers", "0001_initial")]

    operations = [
        migrations.AlterModelTable("subscription", "triggers_subscription"),
        migrations.RenameModel("Subscription", "Binding"),
    ]
