"""Figures of parks as sums of their own, and the task that folds differences into them."""

import datetime as dt
from collections import defaultdict

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, CharField, Count, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone

FOLDING = "enrollment.tasks.fold_park_figures"
MINUTES = 10
#: Two steps of the tree: zone and park.
PARK = 8
FIGURES = ("people", "exempt", "reached", "required_quarters", "earned_quarters")


def month_of_moment(year):
    zone = timezone.get_default_timezone()
    firsts = [dt.datetime(year, month, 1, tzinfo=zone) for month in range(2, 13)]
    return Case(
        *(When(moment__lt=first, then=Value(month)) for month, first in enumerate(firsts, start=1)),
        default=Value(12),
        output_field=IntegerField(),
    )


def sum_up(apps, schema_editor):
    """The figures of what has been earned so far."""
    standings = apps.get_model("enrollment", "Standing").objects.order_by()
    for year in list(standings.values_list("year", flat=True).distinct()):
        sum_up_year(apps, year)


def sum_up_year(apps, year):
    figure = apps.get_model("enrollment", "ParkFigure")
    sums = defaultdict(lambda: [0] * len(FIGURES))
    for row in (
        apps.get_model("enrollment", "Standing")
        .objects.order_by()
        .filter(year=year)
        .annotate(spot=Substr("organization__path", 1, PARK, output_field=CharField()))
        .values_list("spot", "cohort")
        .annotate(
            n_people=Count("pk"),
            n_exempt=Count("pk", filter=Q(is_exempt=True)),
            n_reached=Count("pk", filter=Q(has_reached=True)),
            n_required=Sum("required_quarters", filter=Q(is_exempt=False), default=0),
            n_earned=Sum("earned_quarters", default=0),
        )
    ):
        sums[(row[0], row[1], "", 0)] = list(row[2:])
    for place, kind, month, quarters in (
        apps.get_model("enrollment", "HourEntry")
        .objects.order_by()
        .filter(year=year, trainee__standings__year=year)
        .annotate(
            spot=Substr("trainee__standings__organization__path", 1, PARK, output_field=CharField()),
            moment=Coalesce("starts_at", "reverses__starts_at", "recorded_at"),
        )
        .annotate(month=month_of_moment(year))
        .values_list("spot", "kind", "month")
        .annotate(total=Sum("quarters"))
    ):
        sums[(place, "", kind, month)][-1] += quarters
    figure.objects.bulk_create(
        figure(
            place=place, year=year, cohort=cohort, kind=kind, month=month,
            **dict(zip(FIGURES, figures, strict=True)),
        )
        for (place, cohort, kind, month), figures in sorted(sums.items())
        if any(figures)
    )  # fmt: skip


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=FOLDING,
        defaults={
            "name": "Fold the figures of parks",
            "schedule_type": "I",
            "minutes": MINUTES,
            "repeats": -1,
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=FOLDING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0017_log_guards"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="ParkFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=8, null=True, verbose_name="place")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("cohort", models.CharField(blank=True, max_length=20, verbose_name="cohort")),
                ("kind", models.CharField(blank=True, max_length=12, verbose_name="kind")),
                ("month", models.PositiveSmallIntegerField(default=0, verbose_name="month")),
                ("people", models.BigIntegerField(default=0, verbose_name="people")),
                ("exempt", models.BigIntegerField(default=0, verbose_name="exempt")),
                ("reached", models.BigIntegerField(default=0, verbose_name="reached the target")),
                ("required_quarters", models.BigIntegerField(default=0, verbose_name="required quarter hours")),
                ("earned_quarters", models.BigIntegerField(default=0, verbose_name="earned quarter hours")),
                ("organization", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="enrollment.organization", verbose_name="organization")),
            ],
            options={
                "verbose_name": "park figures",
                "verbose_name_plural": "park figures",
                "indexes": [models.Index(fields=["year"], name="enrollment_park_year")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("organization__isnull", False), ("place__isnull", True)) | models.Q(("organization__isnull", True), ("place__isnull", False)),
                        name="enrollment_parkfigure_sum_or_difference",
                        violation_error_message="Figures of a park are a sum or a difference.",
                    )
                ],
            },
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
        migrations.RunPython(schedule, unschedule),
    ]
