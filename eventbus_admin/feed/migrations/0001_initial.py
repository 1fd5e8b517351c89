from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FeedState",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("pump", models.CharField(blank=True, max_length=16)),
                ("events", models.PositiveBigIntegerField(default=0)),
                ("dropped", models.PositiveBigIntegerField(default=0)),
                ("unwritten", models.PositiveBigIntegerField(default=0)),
                ("rate", models.FloatField(default=0)),
                ("at", models.DateTimeField(null=True)),
            ],
        ),
    ]
