"""Admission, posts, transfers, leaving and exemptions; each moves the figures at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import ModelLogEntry
from wagtail.search.backends import get_search_backend

from cms.refusals import Refused
from enrollment.actions.exemptions import change_exemption, exempt, exempt_in_bulk, withdraw_exemption
from enrollment.actions.people import (
    Admission,
    Amendment,
    admit,
    admit_in_bulk,
    amend,
    amend_in_bulk,
    appoint,
    depart,
    transfer,
)
from enrollment.actions.verification import verify
from enrollment.models import Appointment, Exemption, OrganizationStanding, Standing, Trainee
from tests.factories.enrollment import credited, trainees

YEAR = timezone.localdate().year
FIRST = dt.date(YEAR, 1, 1)


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def test_admission(soft, zhao):
    person = admit(name="新同志", organization=soft, phone="13912345678", actor=zhao)
    standing = Standing.objects.get(trainee=person)
    assert (standing.year, standing.cohort, standing.required) == (YEAR, "member", 32)
    assert standing.organization == soft
    assert ModelLogEntry.objects.filter(action="enrollment.person.admit", user=zhao).count() == 1
    agrees()


@pytest.mark.parametrize(
    ("post", "cohort", "hours"),
    [
        ("secretary", "secretary", 56),
        ("committee_member", "affairs_worker", 56),
        ("affairs_worker", "affairs_worker", 32),
    ],
)
def test_the_post_decides(soft, post, cohort, hours):
    person = admit(name="干部", organization=soft, post=post, actor=None)
    standing = person.standings.get()
    assert (standing.cohort, standing.required) == (cohort, hours)


def test_whoever_comes_in_mid_year_owes_the_rest(soft):
    person = admit(name="转入", organization=soft, started_on=dt.date(YEAR, 7, 1), actor=None)
    assert person.standings.get().required_quarters == round(128 * 184 / 365)


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"post": "king"}, "post_unknown"),
        ({"phone": "13800000003"}, "phone_taken"),
    ],
)
def test_what_admission_refuses(zhang, soft, details, code):
    values = {"name": "某人", "organization": soft, "actor": None} | details
    with pytest.raises(Refused) as refused:
        admit(**values)
    assert refused.value.code == code
    assert Trainee.objects.count() == 1


def test_bulk_is_all_or_nothing(soft):
    rows = [
        Admission("甲", soft.pk, phone="13700000001"),
        Admission("", soft.pk),
        Admission("丙", soft.pk, phone="13700000001"),
    ]
    with pytest.raises(Refused) as refused:
        admit_in_bulk(rows=rows, actor=None)
    assert [(reason.code, reason.params["row"]) for reason in refused.value.reasons] == [
        ("name_missing", 2),
        ("phone_taken", 3),
    ]
    assert not Trainee.objects.exists()


def test_bulk_queries_do_not_grow(soft, bio):
    def rows(place, number, first):
        return [Admission(f"人{i}", place.pk, phone=f"136{i:08d}") for i in range(first, first + number)]

    admit_in_bulk(rows=rows(soft, 1, 900), actor=None)
    admit_in_bulk(rows=rows(bio, 1, 901), actor=None)
    with CaptureQueriesContext(connection) as few:
        admit_in_bulk(rows=rows(soft, 3, 0), actor=None)
    with CaptureQueriesContext(connection) as many:
        admit_in_bulk(rows=rows(bio, 80, 100), actor=None)
    assert len(many) <= len(few) + 2


def test_people_are_found_by_name(soft):
    admit(name="欧阳示例", organization=soft, actor=None)
    found = get_search_backend().autocomplete("欧阳", Trainee)
    assert [person.name for person in found] == ["欧阳示例"]


def test_a_new_post_changes_the_requirement_from_its_day(zhang, zhao, soft):
    appoint(trainee=zhang.trainee, post="secretary", started_on=dt.date(YEAR, 7, 1), actor=zhao)
    standing = zhang.trainee.standings.get()
    assert standing.cohort == "secretary"
    assert 128 < standing.required_quarters < 224
    old, new = zhang.trainee.appointments.order_by("started_on")
    assert (old.ended_on, new.started_on) == (dt.date(YEAR, 6, 30), dt.date(YEAR, 7, 1))
    assert OrganizationStanding.objects.get(organization=soft, cohort="member").people == 0
    assert OrganizationStanding.objects.get(organization=soft, cohort="secretary").people == 1
    agrees()


def test_a_post_corrected_on_its_first_day(zhang):
    day = zhang.trainee.appointments.get().started_on
    appoint(trainee=zhang.trainee, post="affairs_worker", started_on=day, actor=None)
    assert zhang.trainee.appointments.get().post == "affairs_worker"


def test_the_same_post_again_changes_nothing(zhang):
    appoint(trainee=zhang.trainee, post="member", actor=None)
    assert zhang.trainee.appointments.count() == 1


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"post": "king"}, "post_unknown"),
        ({"post": "secretary", "started_on": dt.date(2019, 1, 1)}, "before_current_post"),
    ],
)
def test_what_an_appointment_refuses(zhang, details, code):
    with pytest.raises(Refused, match=code):
        appoint(trainee=zhang.trainee, actor=None, **details)


def test_a_transfer_takes_the_hours_along(zhang, tree):
    credited(zhang.trainee, 20)
    transfer(trainee=zhang.trainee, organization=tree.bio, on=dt.date(YEAR, 5, 1), actor=None)
    zhang.trainee.refresh_from_db()
    assert zhang.trainee.home_organization == tree.bio
    assert OrganizationStanding.objects.get(organization=tree.bio, cohort="member").earned_quarters == 20
    assert OrganizationStanding.objects.get(organization=tree.soft, cohort="member").people == 0
    assert zhang.trainee.hour_entries.get().organization == tree.soft, "the past stays where it was"
    agrees()


def test_leaving(zhang, soft):
    credited(zhang.trainee, 20)
    depart(trainee=zhang.trainee, on=dt.date(YEAR, 5, 1), actor=None)
    assert not zhang.trainee.standings.exists()
    assert not Appointment.objects.current().filter(trainee=zhang.trainee).exists()
    assert OrganizationStanding.objects.get(organization=soft, cohort="member").people == 0
    assert zhang.trainee.hour_entries.count() == 1
    agrees()
    person = Trainee.objects.get(pk=zhang.trainee.pk)
    with pytest.raises(Refused, match="trainee_has_left"):
        depart(trainee=person, on=dt.date(YEAR, 6, 1), actor=None)
    with pytest.raises(Refused, match="trainee_has_left"):
        appoint(trainee=person, post="secretary", actor=None)
    admit(name="后来者", organization=soft, phone=person.phone, actor=None)


def test_nobody_leaves_before_their_post_began(zhang):
    with pytest.raises(Refused, match="leaves_before_post"):
        depart(trainee=zhang.trainee, on=dt.date(2019, 1, 1), actor=None)


# --- Amending --------------------------------------------------------------------------------------


def test_amending(zhang, zhao, bio):
    amend(trainee=zhang.trainee, actor=zhao, education="本科", host_organization=bio)
    person = Trainee.objects.get(pk=zhang.trainee.pk)
    assert (person.education, person.is_mobile) == ("本科", True)


def test_phones_may_be_exchanged(soft):
    one, two = trainees(soft, 2)
    amend_in_bulk(
        changes=[Amendment(one.pk, {"phone": two.phone}), Amendment(two.pk, {"phone": one.phone})], actor=None
    )
    assert Trainee.objects.get(pk=one.pk).phone == two.phone


def test_a_phone_of_somebody_else_is_refused(zhang, li):
    with pytest.raises(Refused, match="phone_taken"):
        amend(trainee=zhang.trainee, actor=None, phone=li.phone)


def test_amending_moves_and_appoints_in_bulk(soft, bio):
    people = trainees(soft, 3)
    amend_in_bulk(
        changes=[
            Amendment(
                p.pk, {"education": "本科"}, post="secretary", organization_id=bio.pk, on=dt.date(YEAR, 4, 1)
            )
            for p in people
        ],
        actor=None,
    )
    assert OrganizationStanding.objects.get(organization=bio, cohort="secretary").people == 3
    agrees()


def test_only_details_of_a_person_are_amended(zhang):
    with pytest.raises(TypeError, match="left_on"):
        amend_in_bulk(changes=[Amendment(zhang.trainee.pk, {"left_on": FIRST})], actor=None)


# --- Exemptions ------------------------------------------------------------------------------------


def test_an_exemption_leaves_the_denominator(zhang, zhao, soft):
    exemption = exempt(
        trainee=zhang.trainee, ground="illness", reason="住院", starts_on=dt.date(YEAR, 3, 1), actor=zhao
    )
    standing = zhang.trainee.standings.get()
    assert (standing.is_exempt, standing.shortfall) == (True, 0)
    row = OrganizationStanding.objects.get(organization=soft, cohort="member")
    assert (row.people, row.exempt, row.required_quarters) == (1, 1, 0)
    change_exemption(
        exemption=exemption,
        actor=zhao,
        reason="住院",
        ground="illness",
        starts_on=dt.date(YEAR, 3, 1),
        ends_on=dt.date(YEAR, 3, 31),
    )
    standing.refresh_from_db()
    assert (standing.is_exempt, standing.required_quarters) == (False, round(128 * 334 / 365))
    withdraw_exemption(exemption=exemption, actor=zhao)
    standing.refresh_from_db()
    assert standing.required_quarters == 128
    agrees()


def test_what_an_exemption_refuses(zhang):
    with pytest.raises(Refused) as refused:
        exempt(
            trainee=zhang.trainee,
            ground="age",
            reason="",
            starts_on=dt.date(YEAR, 3, 1),
            ends_on=dt.date(YEAR, 2, 1),
            actor=None,
        )
    assert [reason.code for reason in refused.value.reasons] == [
        "exemption_reason_missing",
        "exemption_backward",
    ]


def test_exemptions_in_bulk(soft):
    people = trainees(soft, 3)
    exempt_in_bulk(
        rows=[Exemption(trainee=p, ground="age", reason="年老", starts_on=FIRST) for p in people], actor=None
    )
    assert OrganizationStanding.objects.get(organization=soft, cohort="member").exempt == 3
    agrees()
