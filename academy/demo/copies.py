"""The academy many times as large: its people, and all that they earned, copied inside the database.

People of the first size come from spreadsheets, and what they earned from the actions that users use. A million
rows on that way take hours; the database copies them in minutes, table by table. Organizations are not copied:
each of the others was founded by the action, and takes in the people of one of the first. Ledger, occupied time,
balances, standings and figures are copied together, so that they agree (`manage.py verify_ledger` proves it).
"""

# ruff: noqa: S608 - the statements are made of numbers and of names of our own columns.
from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model
from wagtail.search.models import IndexEntry

from academy.demo.plan import ORGANIZATIONS, Plan
from courses.models import CourseProgress, LessonProgress
from enrollment.actions import park_figures
from enrollment.models import (
    Appointment,
    BranchActivity,
    Exemption,
    HourBalance,
    HourEntry,
    HourSpan,
    Organization,
    OrganizationStanding,
    Standing,
    Trainee,
    User,
)

#: In this order, so that a row stands before those that point to it.
COPIED: tuple[type[Model], ...] = (
    User,
    Trainee,
    Appointment,
    Exemption,
    BranchActivity,
    BranchActivity.attendees.through,
    HourEntry,
    HourSpan,
    HourBalance,
    Standing,
    OrganizationStanding,
    LessonProgress,
    CourseProgress,
)
#: Those who study online have such user names; the accounts of those who can sign in are not copied.
STUDYING = "username LIKE 'd1%%'"
#: A copy of somebody bears the name of the person so many places further: namesakes stay as rare as they are.
NAME_STEP = 331


def load(plan: Plan, organizations: Sequence[Organization]) -> None:
    """Fill all organizations but the first 932, each with copies of the people of one of those."""
    if plan.scale == 1:
        return
    offsets = {model: _highest(model) for model in COPIED}
    _list_people()
    for number in range(1, plan.scale):
        with transaction.atomic():
            _list_places(organizations, number)
            _copy_all(number, offsets)
        if number % 5 == 0 or number == plan.scale - 1:
            plan.say(f"{(number + 1) * offsets[Trainee]} of about {plan.scale * offsets[Trainee]} people")
    for year in Standing.objects.order_by().values_list("year", flat=True).distinct():
        park_figures.rebuild(year=year)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [*COPIED, IndexEntry]):
            cursor.execute(statement)
        # The planner knows nothing yet of what has come in since the tables were empty.
        cursor.execute("ANALYZE")
    plan.say(f"{Trainee.objects.count()} people with {HourEntry.objects.count()} entries in the ledger")


def _highest(model: type[Model]) -> int:
    highest: int | None = model._base_manager.aggregate(highest=Max("pk"))["highest"]
    return highest or 0


def _list_people() -> None:
    """Who is called what, by place in a row."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS demo_people")
        cursor.execute(
            "CREATE TEMPORARY TABLE demo_people AS SELECT id, user_id, name, gender,"
            " ROW_NUMBER() OVER (ORDER BY id) - 1 AS place FROM enrollment_trainee"
        )
        cursor.execute("CREATE UNIQUE INDEX demo_people_id ON demo_people (id)")
        cursor.execute("CREATE INDEX demo_people_user ON demo_people (user_id)")
        cursor.execute("CREATE UNIQUE INDEX demo_people_place ON demo_people (place)")
        cursor.execute("ANALYZE demo_people")


def _list_places(organizations: Sequence[Organization], number: int) -> None:
    """Which organization of copy ``number`` stands for which of the first."""
    pairs = zip(
        organizations[:ORGANIZATIONS],
        organizations[number * ORGANIZATIONS : (number + 1) * ORGANIZATIONS],
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS demo_places")
        cursor.execute("CREATE TEMPORARY TABLE demo_places (original bigint PRIMARY KEY, copy bigint)")
        cursor.executemany(
            "INSERT INTO demo_places VALUES (%s, %s)", [(one.pk, other.pk) for one, other in pairs]
        )


def _copy_all(number: int, offsets: Mapping[type[Model], int]) -> None:
    beyond = {model: number * offset for model, offset in offsets.items()}
    phone = f"CAST(CAST(o.phone AS bigint) + {beyond[Trainee]} AS varchar(20))"
    named = (
        "(SELECT other.{column} FROM demo_people self JOIN demo_people other ON other.place ="
        f" (self.place + {number * NAME_STEP}) %% (SELECT COUNT(*) FROM demo_people) WHERE self.{{key}} = o.id)"
    )
    studying = (
        f"(SELECT u.id + {beyond[User]} FROM enrollment_user u WHERE u.id = o.user_id AND u.{STUDYING})"
    )
    has_studied = f"o.user_id IN (SELECT u.id FROM enrollment_user u WHERE u.{STUDYING})"
    evidence = (
        f"CASE o.evidence_type WHEN 'branch' THEN CAST(CAST(o.evidence_id AS bigint) + {beyond[BranchActivity]}"
        " AS varchar(64)) ELSE o.evidence_id END"
    )
    own: dict[type[Model], dict[str, str]] = {
        User: {
            "username": f"'d' || {phone}",
            "phone": phone,
            "name": named.format(column="name", key="user_id"),
        },
        Trainee: {
            "user_id": studying,
            "phone": phone,
            "name": named.format(column="name", key="id"),
            "gender": named.format(column="gender", key="id"),
        },
        BranchActivity: {"submission_key": f"o.submission_key || '-{number}'"},
        HourEntry: {"evidence_id": evidence},
        LessonProgress: {"user_id": f"o.user_id + {beyond[User]}"},
        CourseProgress: {"user_id": f"o.user_id + {beyond[User]}"},
    }
    narrowed = {User: f"o.{STUDYING}", LessonProgress: has_studied, CourseProgress: has_studied}
    for model in COPIED:
        _copy(model, own.get(model, {}), beyond, offsets[model], narrowed.get(model))
    _make_findable(beyond[Trainee], number)


def _copy(
    model: type[Model],
    own: Mapping[str, str],
    beyond: Mapping[type[Model], int],
    last: int,
    condition: str | None,
) -> None:
    """Copy the rows of ``model`` up to number ``last``; what they point to is copied as well, or shared."""
    columns = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        target = field.remote_field.model if field.remote_field else None
        if column in own:
            columns[column] = own[column]
        elif field.primary_key:
            columns[column] = f"o.{column} + {beyond[model]}"
        elif target is Organization:
            columns[column] = f"(SELECT copy FROM demo_places WHERE original = o.{column})"
        elif target is not None and target in beyond and target is not User:
            columns[column] = f"o.{column} + {beyond[target]}"
        else:
            columns[column] = f"o.{column}"
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
            f" FROM {table} o WHERE o.id <= {last}" + (f" AND {condition}" if condition else ""),
            [],
        )


def _make_findable(beyond: int, number: int) -> None:
    """What the search knows of somebody is what it knows of the person whose name they bear."""
    people = ContentType.objects.get_for_model(Trainee).pk
    table = IndexEntry._meta.db_table
    # What there is of an entry besides differs between the search engines.
    shared = [
        str(field.column)
        for field in IndexEntry._meta.concrete_fields
        if not field.primary_key and field.name != "object_id"
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (object_id, {', '.join(shared)})"
            f" SELECT CAST(self.id + {beyond} AS varchar(50)), {', '.join(f'o.{name}' for name in shared)}"
            " FROM demo_people self JOIN demo_people other ON other.place ="
            f" (self.place + {number * NAME_STEP}) %% (SELECT COUNT(*) FROM demo_people)"
            f" JOIN {table} o ON o.object_id = CAST(other.id AS varchar(50)) AND o.content_type_id = {people}",
            [],
        )
