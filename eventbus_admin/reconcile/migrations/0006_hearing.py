from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0005_operations"),
    ]

    operations = [
        migrations.AddField(
            model_name="reconcilestate",
            name="dead_letters",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="reconcilestate",
            name="hearing",
            field=models.CharField(
                choices=[
                    ("unknown", "unknown"),
                    ("on", "on"),
                    ("off", "off"),
                    ("refused", "refused"),
                ],
                default="unknown",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="reconcilestate",
            name="hearing_message",
            field=models.TextField(blank=True),
        ),
    ]
