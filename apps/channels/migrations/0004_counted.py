import django.core.validators
from django.db import migrations, models


def pair_up(apps, schema_editor):
    """Each moment becomes a pair: the moment, and one message."""
    gates = apps.get_model("channels", "Gate").objects.all()
    for gate in gates.iterator():
        gate.times = [[moment, 1] for moment in gate.times]
        gate.save(update_fields=["times"])


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_vitals'),
    ]

    operations = [
        migrations.AlterField(
            model_name='connection',
            name='rate',
            field=models.PositiveIntegerField(blank=True, help_text='Messages in the time beside it; more wait for their turn. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000000)], verbose_name='at most'),
        ),
        migrations.AlterField(
            model_name='historicalconnection',
            name='rate',
            field=models.PositiveIntegerField(blank=True, help_text='Messages in the time beside it; more wait for their turn. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000000)], verbose_name='at most'),
        ),
        migrations.AlterField(
            model_name='gate',
            name='times',
            field=models.JSONField(default=list, help_text='Pairs: a moment in Unix seconds, how many messages went.'),
        ),
        migrations.RunPython(pair_up, migrations.RunPython.noop),
    ]
