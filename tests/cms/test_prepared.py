"""A prepared query says what the query itself says, whatever the values and the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, QuerySet
from django.utils import timezone

from cms.prepared import Prepared, PreparedModels
from enrollment.models import Appointment, Organization, Trainee, User

AGES_AGO = dt.datetime(1901, 1, 1, tzinfo=dt.UTC)


def joined_since(moment: dt.datetime, user: int) -> QuerySet[Any, Any]:
    """Accounts opened since ``moment`` but for one of them: a time, a flag and a nullable text."""
    accounts = User.objects.filter(Q(date_joined__gte=moment) & ~Q(pk=user)).order_by("pk")
    return accounts.values_list("pk", "date_joined", "is_active", "phone")


def test_rows_are_those_of_the_query_for_every_value(zhang, li) -> None:
    prepared = Prepared(joined_since, moment=AGES_AGO, user=-1)
    now = timezone.now()
    for moment in (now - dt.timedelta(days=1), now + dt.timedelta(days=1)):
        for user in (zhang.pk, li.pk):
            assert prepared.run(moment=moment, user=user) == list(joined_since(moment, user))
    [row] = prepared.run(moment=now - dt.timedelta(days=1), user=zhang.pk)
    assert row[0] == li.pk
    assert row[1].tzinfo is not None
    assert row[2] is True


def test_the_query_is_put_together_once(zhang, django_assert_num_queries) -> None:
    built = []

    def build(user: int) -> QuerySet[Any, Any]:
        built.append(user)
        return User.objects.filter(pk=user).values_list("username")

    prepared = Prepared(build, user=-1)
    with django_assert_num_queries(3):
        assert [prepared.run(user=zhang.pk) for _ in range(3)] == [[(zhang.username,)]] * 3
    assert built == [-1]


def test_days_and_texts_are_values_too(zhang) -> None:
    def held(day: dt.date, post: str) -> QuerySet[Any, Any]:
        return Appointment.objects.filter(started_on__lte=day, trainee__name=post).values_list("pk")

    prepared = Prepared(held, day=dt.date(1901, 1, 1), post="–")
    appointment = Appointment.objects.get(trainee__user=zhang)
    name = appointment.trainee.name
    assert prepared.run(day=appointment.started_on, post=name) == [(appointment.pk,)]
    assert prepared.run(day=appointment.started_on - dt.timedelta(days=1), post=name) == []


def test_a_value_that_the_query_does_not_use_is_a_mistake(db: None) -> None:
    prepared = Prepared(lambda user: User.objects.values_list("pk"), user=-1)
    with pytest.raises(ImproperlyConfigured, match="does not use user"):
        prepared.run(user=1)


def test_instances_come_with_what_they_point_at(zhang, django_assert_num_queries) -> None:
    prepared = PreparedModels(
        lambda user: Trainee.objects.filter(user=user),
        model=Trainee,
        related=("user", "home_organization", "home_organization__area", "host_organization"),
        user=-1,
    )
    expected = Trainee.objects.get(user=zhang)
    with django_assert_num_queries(1):
        [trainee] = prepared.run(user=zhang.pk)
        assert trainee == expected
        assert trainee.user == zhang
        assert trainee.home_organization.name
        assert trainee.host_organization is None
    for field in Trainee._meta.concrete_fields:
        assert getattr(trainee, field.attname) == getattr(expected, field.attname)
    # It is a row like any other: it can be changed and saved.
    trainee.note = "改"
    trainee.save()
    assert Trainee.objects.get(pk=trainee.pk).note == "改"
    assert isinstance(trainee.home_organization, Organization)
