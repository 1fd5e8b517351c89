from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconcile", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="brokerobject",
            name="sync",
            field=models.CharField(
                choices=[
                    ("in_sync", "In sync"),
                    ("missing", "Missing"),
                    ("differs", "Differs"),
                    ("blocked", "Blocked"),
                    ("surplus", "To be removed"),
                    ("unmanaged", "Unmanaged"),
                    ("unknown", "Unknown"),
                ],
                db_index=True,
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="subscriptionstatus",
            name="sync",
            field=models.CharField(
                choices=[
                    ("in_sync", "In sync"),
                    ("missing", "Missing"),
                    ("differs", "Differs"),
                    ("blocked", "Blocked"),
                    ("surplus", "To be removed"),
                    ("unmanaged", "Unmanaged"),
                    ("unknown", "Unknown"),
                ],
                default="unknown",
                max_length=16,
            ),
        ),
    ]
