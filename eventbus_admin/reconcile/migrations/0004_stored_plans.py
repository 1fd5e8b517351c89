from django.db import migrations, models


def count_steps(apps, _schema_editor):
    for run in apps.get_model("reconcile", "Run").objects.iterator():
        results = [step.get("result") for step in run.steps]
        run.total = len(results)
        run.done, run.failed = results.count("done"), results.count("failed")
        run.save(update_fields=("total", "done", "failed"))


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0003_credential_use"),
    ]

    operations = [
        migrations.AddField(
            "brokerobject",
            "impact",
            models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "run",
            "broker_id",
            models.CharField(blank=True, default="", max_length=800),
            preserve_default=False,
        ),
        migrations.AddField("run", "total", models.PositiveIntegerField(default=0)),
        migrations.AddField("run", "done", models.PositiveIntegerField(default=0)),
        migrations.AddField("run", "failed", models.PositiveIntegerField(default=0)),
        migrations.AddField("run", "refused", models.BooleanField(default=False)),
        migrations.RunPython(count_steps, migrations.RunPython.noop),
    ]
