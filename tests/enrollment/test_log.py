"""The auditor's search of the log: filters, cost, export, who may, and clearing what is old."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry, Page, PageLogEntry

from cms.models import Job
from enrollment.actions import log
from enrollment.actions.journal import note, note_many
from enrollment.actions.roles import grant_role
from enrollment.models import RetentionPeriod, Role
from enrollment.reports_log import in_words, searched
from enrollment.tasks import clear_log
from tests.log import let_go_of_the_log

URL = reverse("enrollment_log")


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def deeds(zhang, wang, li, zhao):
    """A look, an export, a change of a page, each of another day."""
    let_go_of_the_log()
    ModelLogEntry.objects.all().delete()
    PageLogEntry.objects.all().delete()
    note(zhang.trainee, "enrollment.person.look", actor=li, data={"address": "10.0.0.7"})
    note(zhao, "enrollment.people.export", actor=zhao, data={"people": 12, "reason": "=1+1"})
    PageLogEntry.objects.log_action(Page.objects.get(depth=1), "wagtail.edit", user=zhao)
    moments = {"enrollment.person.look": (2024, 5, 1), "enrollment.people.export": (2024, 6, 1)}
    for action, day in moments.items():
        at = timezone.make_aware(dt.datetime(*day, 23, 30))
        ModelLogEntry.objects.filter(action=action).update(timestamp=at)
    PageLogEntry.objects.update(timestamp=timezone.make_aware(dt.datetime(2024, 7, 1)))


def found(**filters):
    return [entry.about for entry in in_words(list(searched(**filters)))]


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        ({}, 3),
        ({"who": "李"}, 1),
        ({"who": "zhao"}, 2),
        ({"who": "zha"}, 0),
        ({"about": "张学员"}, 1),
        ({"kind": "look"}, 1),
        ({"kind": "export"}, 1),
        ({"kind": "content"}, 1),
        ({"kind": "nonsense"}, 3),
        ({"action": "wagtail.edit"}, 1),
        ({"since": "2024-05-01", "until": "2024-05-01"}, 1),
        ({"since": "2024-05-02", "until": "2024-06-30"}, 1),
        ({"until": "2024-04-30"}, 0),
        ({"who": "李", "kind": "export"}, 0),
    ],
)
def test_filters(deeds, filters, number):
    assert len(found(**filters)) == number


def test_the_latest_first_in_words(deeds):
    entries = in_words(list(searched()))
    assert [timezone.localtime(entry.at).month for entry in entries] == [7, 6, 5]
    look = entries[-1]
    assert (look.who, look.about) == ("李干事", "张学员")
    assert look.did != "enrollment.person.look"
    assert "10.0.0.7" in look.details


def test_whoever_is_gone_from_the_code_is_still_listed(deeds):
    ModelLogEntry.objects.filter(action="enrollment.person.look").update(action="old.deed", user=None)
    assert "old.deed" in [entry.did for entry in in_words(list(searched()))]


def test_the_page_costs_the_same_for_many(client, zhao, sign_in, deeds, zhang, wang):
    client = sign_in(client, zhao)
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        assert client.get(URL).status_code == 200
    for _number in range(60):
        note_many([zhang.trainee, wang.trainee], "enrollment.person.look", actor=zhao)
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(URL).context["entries"]) == 50
    # Entries of both kinds cost one query more than those of one.
    assert len(many) <= len(few)


def test_filters_on_the_page(client, zhao, sign_in, deeds):
    client = sign_in(client, zhao)
    page = client.get(URL, {"kind": "look"})
    assert page.context["page"].paginator.count == 1
    assert "张学员" in page.content.decode()
    wrong = client.get(URL, {"since": "yesterday", "kind": "look"})
    assert wrong.context["form"].errors["since"]
    assert wrong.context["page"].paginator.count == 1
    assert client.get(URL, {"p": "999"}).status_code == 200


def test_the_export_is_what_was_searched_and_stands_in_the_log(
    client, zhao, sign_in, deeds, django_capture_on_commit_callbacks
):
    client = sign_in(client, zhao)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"{URL}?kind=export")
    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    content = b"".join(client.get(reverse("jobs:result", args=[job.pk])).streaming_content)
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    # Beginning the work is an export as well, and was written first.
    assert [row[1] for row in rows[1:]] == ["赵管理员", "赵管理员"]
    cells = [str(cell) for row in rows for cell in row if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@"]
    entry = ModelLogEntry.objects.get(action="enrollment.log.export")
    assert (entry.user, entry.data["rows"]) == (zhao, 2)


# --- Who may ---------------------------------------------------------------------------------------


def test_an_auditor_reads_the_log_and_nothing_else(client, wang, sign_in, deeds, zhao):
    grant_role(user=wang, role=Role.AUDITOR, actor=zhao)
    client = sign_in(client, wang)
    page = client.get(URL)
    assert page.status_code == 200
    assert "张学员" in page.content.decode()
    front = client.get("/admin/")
    assert front.status_code == 200
    assert URL in front.content.decode()
    for name in ("trainees:index", "organizations:index", "erasure:index", "retention_periods:index"):
        assert client.get(reverse(name)).status_code in {302, 403}, name
    assert not wang.scope.everything


@pytest.mark.parametrize("who", ["li", "chen", "zhou", "sun", "outsider"])
def test_others_do_not(client, everyone, sign_in, who):
    client = sign_in(client, everyone[who])
    assert client.get(URL).status_code in {302, 403}
    assert client.post(URL).status_code in {302, 403}
    assert not Job.objects.exists()


# --- Clearing --------------------------------------------------------------------------------------


def test_only_what_is_older_than_the_period_goes(deeds, zhang):
    RetentionPeriod.objects.filter(subject="log").update(months=6)
    assert log.clear_log(today=dt.date(2024, 12, 1)) == 1
    left = set(ModelLogEntry.objects.values_list("action", flat=True))
    assert "enrollment.person.look" not in left
    assert {"enrollment.people.export", "enrollment.log.clear"} <= left
    assert PageLogEntry.objects.count() == 1
    # A second run in the same night finds nothing, and says nothing.
    assert log.clear_log(today=dt.date(2024, 12, 1)) == 0
    assert ModelLogEntry.objects.filter(action="enrollment.log.clear").count() == 1


def test_the_task_clears_by_todays_date(deeds):
    ModelLogEntry.objects.update(timestamp=timezone.now() - dt.timedelta(days=400))
    assert clear_log() == 3


def test_without_a_period_nothing_goes(deeds):
    RetentionPeriod.objects.all().delete()
    assert log.clear_log(today=dt.date(2036, 1, 1)) == 0


@pytest.mark.django_db
def test_the_log_is_never_kept_for_less_than_six_months():
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionPeriod.objects.create(
            subject="log", months=5, effective_from=dt.date(2024, 1, 1), source="某办法"
        )


# --- Nobody alters it ------------------------------------------------------------------------------


@pytest.fixture
def entry(zhang, li):
    """A look, as it was logged."""
    note(zhang.trainee, "enrollment.person.look", actor=li, data={"address": "10.0.0.7"})
    return ModelLogEntry.objects.filter(action="enrollment.person.look").latest("pk")


@pytest.mark.parametrize(
    "change",
    [
        {"action": "enrollment.person.edit"},
        {"user": None},
        {"label": "别人"},
        {"data": {"address": "10.0.0.8"}},
        {"timestamp": timezone.make_aware(dt.datetime(2020, 1, 1))},
        {"label": "***", "data": {}, "user": None},
    ],
)
def test_the_database_refuses_to_alter_an_entry(entry, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelLogEntry.objects.filter(pk=entry.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE wagtailcore_modellogentry SET object_id = '0' WHERE id = %s", [entry.pk])
    before = (entry.action, entry.user_id, entry.label, entry.data, entry.timestamp)
    entry.refresh_from_db()
    assert (entry.action, entry.user_id, entry.label, entry.data, entry.timestamp) == before


def test_the_database_refuses_to_delete_what_is_younger_than_six_months(entry):
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelLogEntry.objects.all().delete()
    assert ModelLogEntry.objects.filter(pk=entry.pk).exists()


def test_an_erasure_takes_the_name_and_nothing_else(entry):
    ModelLogEntry.objects.filter(pk=entry.pk).update(label="***", data={})
    entry.refresh_from_db()
    assert (entry.label, entry.data, entry.action) == ("***", {}, "enrollment.person.look")


def test_the_log_of_pages_is_kept_the_same_way(zhao):
    PageLogEntry.objects.log_action(Page.objects.get(depth=1), "wagtail.edit", user=zhao)
    for deed in (
        lambda: PageLogEntry.objects.all().delete(),
        lambda: PageLogEntry.objects.all().update(user=None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()
    assert PageLogEntry.objects.filter(user=zhao).exists()
