"""What hangs on an organization when it merges, splits or ends follows or is settled; none is forgotten."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from courses.actions.assignments import assign_course
from courses.models import CourseAssignment
from enrollment.actions.classes import nominate, set_quota
from enrollment.actions.organization_mergers import merge, split
from enrollment.actions.organizations import dissolve, move
from enrollment.actions.roles import grant_role
from enrollment.actions.transfers import start_transfer
from enrollment.actions.verification import verify
from enrollment.models import (
    BranchActivity,
    Enrollment,
    Guidance,
    Guide,
    GuideKind,
    NeedField,
    NeedsSurvey,
    Organization,
    OrganizationContact,
    Pairing,
    PersonTransfer,
    Quota,
    Role,
    RoleGrant,
    RosterColumns,
    RosterImport,
    ServiceGroup,
    TrainingClass,
    TrainingNeed,
)
from enrollment.organization_records import followers
from practicum.models import TrainingBase, Venue
from tests.factories.courses import course
from tests.factories.enrollment import trainees, training_class
from tests.factories.practicum import TrainingBaseFactory, VenueFactory

TODAY = timezone.localdate()


def again(row):
    return type(row).objects.get(pk=row.pk)


def test_every_row_that_points_to_an_organization_is_thought_of():
    """A new relation has a follower, or is named here with the reason why it stays."""
    answered = {(model._meta.label, name) for one in followers() for model, name in one.relations}
    stays = {
        # The merger itself brings people over; who hosts them, too, and a post is transferred from the day.
        ("enrollment.Trainee", "home_organization"),
        ("enrollment.Trainee", "host_organization"),
        ("enrollment.Appointment", "organization"),
        # The past stays where it was earned, awarded, confirmed and recorded.
        ("enrollment.HourEntry", "organization"),
        ("enrollment.Standing", "organization"),
        ("enrollment.OrganizationStanding", "organization"),
        ("enrollment.ParkFigure", "organization"),
        ("enrollment.DemonstrationTitle", "organization"),
        ("enrollment.NoticeReceipt", "organization"),
        ("enrollment.OrganizationChange", "organization"),
        ("enrollment.OrganizationChange", "parent_before"),
        ("enrollment.OrganizationChange", "parent_after"),
        ("enrollment.OrganizationChange", "other"),
        # What it was; the way a merged one leads on.
        ("enrollment.Organization_tags", "organization"),
        ("enrollment.Organization", "merged_into"),
    }
    relations = {
        (field.related_model._meta.label, field.field.name)
        for field in Organization._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one)
    }
    assert len(relations) > 30
    assert relations - answered - stays == set()
    assert answered & stays == set()
    # What is named here exists: a relation that went would leave a line that says nothing.
    assert (answered | stays) - relations == set()


@pytest.fixture
def given(tree, zhao, li, wang):
    """制造支部 with something of everything under way."""
    [person, leaving] = trainees(tree.make, 2)
    [coming] = trainees(tree.bio, 1)
    group = ServiceGroup.objects.create(code="g1", name="第一服务小组")
    Guide.objects.create(group=group, kind=GuideKind.ADVISER, name="钱指导", user=wang)
    Organization.objects.filter(pk=tree.make.pk).update(service_group=group)
    opened = training_class(nominating=True)
    opened.eligible_organizations.add(tree.make, tree.bio)
    set_quota(training_class=opened, organization=tree.make, seats=2, actor=None)
    nominate(training_class=opened, trainee=person, actor=None)
    assign_course(course=course(), organization=tree.make, due_on=TODAY, actor=zhao)
    survey = NeedsSurvey.objects.create(year=2026, opens_on=TODAY, closes_on=TODAY)
    field = NeedField.objects.first()
    for status in ("open", "closed"):
        TrainingNeed.objects.create(
            survey=survey, field=field, text="党务实操", organization=tree.make, asked_at=timezone.now(),
            status=status, answer_kind="text" if status == "closed" else "",
            closed_at=timezone.now() if status == "closed" else None,
        )  # fmt: skip
    for number, due in enumerate((TODAY, None)):
        Guidance.objects.create(
            organization=tree.make, guide=wang, guide_name="钱指导", way="visit", held_on=TODAY,
            summary="走访", follow_up="送书" if due else "", follow_up_by=due, nonce=f"n{number}",
        )  # fmt: skip
    RosterColumns.objects.create(
        organization=tree.make, digest="d" * 64, headings=["名"], told={"名": "name"}
    )
    RosterImport.objects.create(organization=tree.make, file_name="待确认.xlsx", status="ready")
    RosterImport.objects.create(organization=tree.make, file_name="已导入.xlsx", status="applied")
    Pairing.objects.create(organization=tree.make, partner=tree.bio, starts_on=TODAY)
    Pairing.objects.create(organization=tree.make, partner=tree.soft, starts_on=TODAY)
    Pairing.objects.create(organization=tree.make, partner_name="示例社区", starts_on=TODAY)
    for role in ("联系领导", "结对单位"):
        OrganizationContact.objects.create(organization=tree.make, role=role, name="周", starts_on=TODAY)
    grant_role(user=wang, role=Role.AFFAIRS_WORKER, organization=tree.make, actor=zhao)
    waiting = BranchActivity.objects.create(
        organization=tree.make, form="theme_day", title="主题党日", recorded_by=li, submission_key="k",
        starts_at=timezone.now(), ends_at=timezone.now() + dt.timedelta(hours=1), approval="waiting",
    )  # fmt: skip
    TrainingBaseFactory(organization=tree.make, park=tree.park_a)
    start_transfer(trainee=leaving, organization=tree.bio, on=TODAY, reason="调动", actor=None)
    start_transfer(trainee=coming, organization=tree.make, on=TODAY, reason="调动", actor=None)
    return {"person": person, "leaving": leaving, "coming": coming, "class": opened, "waiting": waiting}


def at(model, organization, name="organization", **found):
    return model.objects.filter(**{name: organization}, **found).count()


def test_what_is_under_way_follows_a_merger(tree, given, zhao):
    OrganizationContact.objects.create(organization=tree.soft, role="联系领导", name="吴", starts_on=TODAY)
    followed = []
    merge(sources=[tree.make], target=tree.soft, actor=zhao, followed=followed)
    assert at(CourseAssignment, tree.soft) == 1
    assert at(TrainingBase, tree.soft) == 1
    assert Quota.objects.get().organization == tree.soft
    assert Enrollment.objects.get().quota.organization == tree.soft
    assert set(given["class"].eligible_organizations.all()) == {tree.soft, tree.bio}
    assert (at(TrainingNeed, tree.soft, status="open"), at(TrainingNeed, tree.make)) == (1, 1)
    assert (at(Guidance, tree.soft, follow_up="送书"), at(Guidance, tree.make)) == (1, 1)
    assert at(RosterColumns, tree.soft) == 1
    assert (at(RosterImport, tree.soft, status="ready"), at(RosterImport, tree.make)) == (1, 1)
    assert at(BranchActivity, tree.soft, approval="waiting") == 1
    # Paired with itself there is none: that one ends; the other two go on.
    assert at(Pairing, tree.soft, ends_on=None) == 2
    assert at(Pairing, tree.make, partner=tree.soft, ends_on=TODAY) == 1
    # The role that somebody has there ends, the other is taken over.
    assert set(
        OrganizationContact.objects.filter(ends_on=None).values_list("organization", "role", "name")
    ) == {(tree.soft.pk, "联系领导", "吴"), (tree.soft.pk, "结对单位", "周")}
    assert not RoleGrant.objects.filter(organization=tree.make).exists()
    assert not given["waiting"].recorded_by.grants.filter(organization=tree.make).exists()
    # Nobody looked after the target: the group that looked after the source does, and sees what is open.
    assert again(tree.soft).service_group.code == "g1"
    places = {row.trainee_id: row for row in PersonTransfer.objects.all()}
    assert places[given["leaving"].pk].from_organization == tree.soft
    assert places[given["coming"].pk].to_organization == tree.soft
    assert all(row.is_open for row in places.values())
    # Accepted now, both arrive: nothing is left hanging.
    assert verify().agrees
    told = {one.label: one.number for one in followed}
    assert told[CourseAssignment._meta.verbose_name_plural] == 1
    assert len(told) == len(followers())


def test_a_course_that_both_were_given_keeps_the_day_of_the_target(tree, zhao):
    page, later = course(), TODAY + dt.timedelta(days=30)
    assign_course(course=page, organization=tree.make, due_on=TODAY, actor=zhao)
    assign_course(course=page, organization=tree.soft, due_on=later, actor=zhao)
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    assert CourseAssignment.objects.get().due_on == later


def test_a_transfer_between_two_that_merge_is_answered_by_the_merger(tree, zhao):
    [one] = trainees(tree.make, 1)
    [other] = trainees(tree.soft, 1)
    start_transfer(trainee=one, organization=tree.soft, on=TODAY, reason="调动", actor=None)
    start_transfer(trainee=other, organization=tree.make, on=TODAY, reason="调动", actor=None)
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    assert {row.state for row in PersonTransfer.objects.all()} == {"withdrawn"}
    assert all("合并" in row.answer for row in PersonTransfer.objects.all())
    assert {again(one).home_organization, again(other).home_organization} == {tree.soft}


def test_a_park_that_merges_takes_its_bases_and_venues_along(tree, zhao):
    TrainingBaseFactory(park=tree.park_a)
    VenueFactory(park=tree.park_a)
    merge(sources=[tree.park_a], target=tree.park_b, actor=zhao)
    assert (at(TrainingBase, tree.park_b, "park"), at(Venue, tree.park_b, "park")) == (1, 1)


def test_who_goes_by_a_split_is_still_asked_for_the_same(tree, given, zhao):
    new = split(
        organization=tree.make, code="NEW", name="中共示例新支部委员会",
        people=[given["leaving"].pk], children=[], actor=zhao,
    )  # fmt: skip
    assert at(CourseAssignment, new) == at(CourseAssignment, tree.make) == 1
    assert at(RosterColumns, new) == at(RosterColumns, tree.make) == 1
    assert new in given["class"].eligible_organizations.all()
    assert PersonTransfer.objects.get(trainee=given["leaving"]).from_organization == new
    assert PersonTransfer.objects.get(trainee=given["coming"]).to_organization == tree.make
    assert Quota.objects.get().organization == tree.make


def test_what_hangs_on_a_dissolved_one_is_settled(tree, given, zhao):
    with pytest.raises(Refused, match="somebody_is_coming"):
        dissolve(organization=tree.make, on=TODAY, actor=zhao)
    PersonTransfer.objects.all().delete()
    merge_away = [given["person"], given["leaving"]]
    for person in merge_away:
        person.appointments.update(organization=tree.bio)
        type(person).objects.filter(pk=person.pk).update(home_organization=tree.bio)
    followed = []
    dissolve(organization=tree.make, on=TODAY, actor=zhao, followed=followed)
    assert not CourseAssignment.objects.exists()
    base = TrainingBase.objects.get()
    assert (base.organization, base.organization_name) == (None, tree.make.name)
    assert base.park == tree.park_a
    assert not Quota.objects.exists()
    # The place in the class stays, though under nobody's seats.
    assert (Enrollment.objects.get().quota, Enrollment.objects.get().status) == (None, "nominated")
    assert list(given["class"].eligible_organizations.all()) == [tree.bio]
    assert not RosterColumns.objects.exists()
    assert not Guidance.objects.open().exists()
    assert not Pairing.objects.filter(ends_on=None).exists()
    assert not OrganizationContact.objects.filter(ends_on=None).exists()
    assert not RoleGrant.objects.filter(organization=tree.make).exists()
    assert followed


def test_a_class_for_the_dissolved_one_alone_is_not_opened_to_everybody(tree, zhao):
    opened = training_class()
    opened.eligible_organizations.add(tree.make)
    dissolve(organization=tree.make, on=TODAY, actor=zhao)
    assert list(TrainingClass.objects.get(pk=opened.pk).eligible_organizations.all()) == [tree.make]


def test_moving_changes_no_row_that_names_the_organization(tree, given, zhao):
    """Everything names the organization itself, so it is there wherever it stands."""

    def named():
        return {
            (model._meta.label, name): model._base_manager.filter(**{name: tree.make}).count()
            for one in followers()
            for model, name in one.relations
        }

    before = named()
    assert sum(before.values()) > 12
    move(organization=tree.make, parent=tree.park_b, actor=zhao)
    assert named() == before


def test_the_preview_says_what_follows_and_keeps_nothing(client, sign_in, tree, given, zhao):
    client = sign_in(client, zhao)
    url = reverse("organizations:merge", args=[tree.soft.pk])
    form = {"on": TODAY.isoformat(), "source_1": tree.make.pk, "reason": "", "document_number": ""}
    page = client.post(url, form)
    assert page.status_code == 200
    label = f"{CourseAssignment._meta.verbose_name_plural} 1"
    assert [one for one in page.context["preview"] if label in one]
    assert at(CourseAssignment, tree.make) == 1
    assert again(tree.make).dissolved_on is None
    done = client.post(url, form | {"confirmed": page.context["fingerprint"]})
    assert done.status_code == 302
    assert at(CourseAssignment, tree.soft) == 1
