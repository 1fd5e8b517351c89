from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_rotation")]

    operations = [
        migrations.AddField(
            model_name="eventtype",
            name="private",
            field=models.BooleanField(default=False),
        ),
    ]
