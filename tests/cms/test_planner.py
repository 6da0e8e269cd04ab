"""What SQLite's planner knows of the tables."""

from django.db import connection
from django_q.models import Schedule

from cms.tasks import refresh_statistics
from enrollment.models import HourEntry
from tests.factories.enrollment import credited, trainees


def test_it_learns_every_night(db):
    assert Schedule.objects.get(func="cms.tasks.refresh_statistics").schedule_type == Schedule.DAILY


def test_one_persons_entries_are_not_sought_in_the_whole_ledger(tree):
    people = trainees(tree.soft, 40)
    for person in people:
        credited(person, 4)
    standing = HourEntry.objects.standing().filter(trainee=people[0])
    before = standing.explain()
    assert refresh_statistics() == (connection.vendor == "sqlite")
    if connection.vendor == "sqlite":
        assert "trainee" not in before, "this is what goes wrong without it"
        assert "trainee" in standing.explain()
