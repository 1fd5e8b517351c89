import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0002_credentials"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Cause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("event_type", models.CharField(blank=True, db_index=True, max_length=120)),
                ("reason", models.CharField(max_length=32)),
                ("text", models.CharField(max_length=500)),
                ("newest", models.PositiveBigIntegerField(db_index=True, default=0)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.service",
                    ),
                ),
            ],
            options={
                "ordering": ("-newest",),
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("identity", models.CharField(db_index=True, max_length=80)),
                ("queue", models.CharField(blank=True, max_length=255)),
                ("event_type", models.CharField(blank=True, max_length=120)),
                ("event_id", models.CharField(blank=True, db_index=True, max_length=255)),
                ("correlation_id", models.CharField(blank=True, max_length=255)),
                ("reason", models.CharField(max_length=32)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("worker", models.CharField(blank=True, max_length=255)),
                ("died", models.DateTimeField()),
                ("taken_in", models.DateTimeField()),
                ("decodable", models.BooleanField()),
                ("size", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("prepared", "Prepared"),
                            ("sent", "Sent"),
                            ("handled", "Handled"),
                            ("failed_again", "Failed again"),
                            ("edited", "Replaced"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("sent", models.DateTimeField(null=True)),
                ("heard", models.DateTimeField(null=True)),
                ("discard", models.UUIDField(db_index=True, null=True)),
                ("edited_by", models.CharField(blank=True, max_length=150)),
                ("error", models.TextField(blank=True)),
                ("properties", models.TextField()),
                ("body", models.BinaryField()),
                (
                    "cause",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="deadletters.cause",
                    ),
                ),
                (
                    "original",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="edited_copies",
                        to="deadletters.deadletter",
                    ),
                ),
                (
                    "retried_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="came_back",
                        to="deadletters.deadletter",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dead_letters",
                        to="registry.service",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="RetryRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("requested_by_name", models.CharField(max_length=150)),
                ("what", models.CharField(max_length=500)),
                ("careful", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("stopped", "Stopped"),
                            ("done", "Done"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("stop", models.BooleanField(default=False)),
                ("total", models.PositiveIntegerField(default=0)),
                ("note", models.TextField(blank=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("started", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tried",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="deadletters.deadletter",
                    ),
                ),
            ],
            options={
                "ordering": ("-created",),
            },
        ),
        migrations.AddField(
            model_name="deadletter",
            name="run",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="letters",
                to="deadletters.retryrun",
            ),
        ),
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(fields=["state", "cause", "died"], name="dead_by_cause"),
        ),
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(fields=["state", "since"], name="dead_by_state"),
        ),
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(fields=["run", "state"], name="dead_by_run"),
        ),
    ]
