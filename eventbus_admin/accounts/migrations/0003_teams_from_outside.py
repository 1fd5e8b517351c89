"""Teams know whether their people are from outside."""

from typing import Any

from django.db import migrations, models


def mark(apps: Any, _schema_editor: Any) -> None:
    """Mark the teams of integrators: those that own integrators and nothing internal."""
    services = apps.get_model("registry", "Service").objects
    owners = {
        kind: services.filter(kind=kind).values("owner") for kind in ("integrator", "internal")
    }
    teams = apps.get_model("accounts", "Team").objects
    teams.filter(pk__in=owners["integrator"]).exclude(pk__in=owners["internal"]).update(
        is_outside=True
    )


class Migration(migrations.Migration):
    """Adds `Team.is_outside`."""

    dependencies = [
        ("accounts", "0002_api_tokens"),
        ("registry", "0002_credentials"),
    ]

    operations = [
        migrations.AddField(
            model_name="team",
            name="is_outside",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
