from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_credentials"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnwantedUser",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=140, unique=True)),
                ("since", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ("name",)},
        ),
    ]
