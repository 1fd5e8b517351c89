import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.CharField(choices=[("a", "a"), ("b", "b")], max_length=1)),
                ("password_hash", models.CharField(blank=True, max_length=64)),
                ("issued", models.DateTimeField()),
                ("revoked", models.DateTimeField(blank=True, null=True)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credentials",
                        to="registry.service",
                    ),
                ),
            ],
            options={
                "ordering": ("service__name", "slot"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("service", "slot"), name="one_credential_a_slot"
                    )
                ],
            },
        ),
    ]
