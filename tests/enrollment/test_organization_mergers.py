"""Organizations that merge and split: people, children and quotas follow; the past stays where it was."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.classes import enrol, nominate, set_quota
from enrollment.actions.organization_history import Basis
from enrollment.actions.organization_mergers import merge, split
from enrollment.actions.organizations import dissolve, found
from enrollment.actions.people import admit, amend, appoint, transfer
from enrollment.actions.roles import grant_role
from enrollment.actions.verification import verify
from enrollment.models import (
    Appointment,
    ChangeKind,
    Enrollment,
    HourEntry,
    Organization,
    OrganizationChange,
    OrganizationStanding,
    Quota,
    Role,
    Standing,
    Trainee,
)
from enrollment.reports_organizations import as_of, timeline
from tests.factories.enrollment import branches, credited, trainees, training_class

TODAY = timezone.localdate()
YEAR = TODAY.year
LAST_YEAR = timezone.make_aware(dt.datetime(YEAR - 1, 6, 1, 9))


def refused_with(code):
    return pytest.raises(Refused, match=code)


def again(organization):
    return Organization.objects.get(pk=organization.pk)


def past():
    """All that was earned and counted before this year."""
    return (
        list(HourEntry.objects.order_by("pk").values_list("pk", "organization_id", "quarters")),
        list(Standing.objects.filter(year__lt=YEAR).order_by("pk").values()),
        list(OrganizationStanding.objects.filter(year__lt=YEAR).order_by("pk").values()),
    )


# --- Merging ---------------------------------------------------------------------------------------


def test_everybody_comes_over_from_the_day(tree, zhao):
    people = trainees(tree.make, 3)
    appoint(trainee=people[0], post="secretary", started_on=dt.date(2021, 1, 1), actor=None)
    [guest] = trainees(tree.bio, 1, host_organization_id=tree.make.pk)
    [home] = trainees(tree.soft, 1, host_organization_id=tree.make.pk)
    merge(sources=[tree.make], target=tree.soft, actor=zhao, basis=Basis(TODAY, "合并", "示例党〔2026〕2号"))
    assert set(Trainee.objects.filter(home_organization=tree.soft)) == {*people, home}
    held = Appointment.objects.current().get(trainee=people[0])
    assert (held.organization, held.post, held.started_on) == (tree.soft, "secretary", TODAY)
    before = Appointment.objects.get(trainee=people[0], ended_on=TODAY - dt.timedelta(days=1))
    assert before.organization == tree.make
    guest.refresh_from_db()
    home.refresh_from_db()
    assert (guest.host_organization, home.host_organization) == (tree.soft, None)
    made = again(tree.make)
    assert (made.dissolved_on, made.merged_into) == (TODAY, tree.soft)
    [line] = OrganizationChange.objects.filter(kind=ChangeKind.MERGED)
    assert (line.organization, line.other, line.document_number) == (
        tree.make,
        tree.soft,
        "示例党〔2026〕2号",
    )
    assert line in timeline(tree.soft)
    assert verify().agrees


def test_children_follow_and_the_tree_stays_sound(tree, zhao):
    below = branches(tree.make, 3)
    [deep] = branches(below[0], 1)
    dissolve(organization=below[2], on=TODAY, actor=None)
    merge(sources=[tree.make], target=tree.bio, actor=zhao)
    assert not any(Organization.find_problems())
    into = again(tree.bio)
    assert [child.pk for child in into.get_children()] == [below[0].pk, below[1].pk]
    assert again(deep).get_parent() == again(below[0])
    assert again(below[2]).get_parent() == again(tree.make)
    day_before = TODAY - dt.timedelta(days=1)
    assert as_of([again(below[0])], day_before)[below[0].pk].parent_id == tree.make.pk


def test_a_source_may_stand_below_another(tree, zhao):
    [below] = branches(tree.make, 1)
    [person] = trainees(below, 1)
    merge(sources=[tree.make, below], target=tree.soft, actor=zhao)
    person.refresh_from_db()
    assert person.home_organization == tree.soft
    assert {again(tree.make).merged_into, again(below).merged_into} == {tree.soft}
    assert not any(Organization.find_problems())


def test_the_past_stays_where_it_was_earned(tree, zhao):
    people = trainees(tree.make, 3)
    for person in people:
        credited(person, 128, occurred_at=LAST_YEAR)
        credited(person, 8)
    before = past()
    assert before[2]
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    assert past() == before
    [now] = OrganizationStanding.objects.filter(year=YEAR, people__gt=0)
    assert (now.organization, now.people, now.earned_quarters) == (tree.soft, 3, 24)
    assert verify().agrees


def test_sent_twice_is_once(tree, zhao):
    trainees(tree.make, 2)
    for _ in range(2):
        merge(sources=[tree.make], target=tree.soft, actor=zhao)
    assert OrganizationChange.objects.filter(kind=ChangeKind.MERGED).count() == 1
    assert Appointment.objects.filter(organization=tree.soft).count() == 2


def test_quotas_and_nominations_follow(tree, zhao):
    first, second = training_class(nominating=True), training_class(nominating=True)
    done = training_class()
    [person] = trainees(tree.make, 1)
    for opened in (first, second):
        set_quota(training_class=opened, organization=tree.make, seats=2, actor=None)
    set_quota(training_class=first, organization=tree.soft, seats=3, actor=None)
    set_quota(training_class=done, organization=tree.make, seats=1, actor=None)
    for status in ("running", "closed"):
        type(done).objects.filter(pk=done.pk).update(status=status)
    nominate(training_class=first, trainee=person, actor=None)
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    seats = set(Quota.objects.values_list("training_class", "organization", "seats"))
    assert seats == {
        (first.pk, tree.soft.pk, 5),
        (second.pk, tree.soft.pk, 2),
        (done.pk, tree.make.pk, 1),
    }
    held = Enrollment.objects.get(trainee=person)
    assert (held.quota.organization, held.status) == (tree.soft, "nominated")
    assert enrol(training_class=first, trainee=person, actor=None).status == "enrolled"


def test_roles_are_not_widened(tree, zhao, chen):
    grant_role(user=chen, role=Role.AFFAIRS_WORKER, organization=tree.make)
    trainees(tree.make, 1)
    trainees(tree.soft, 1)
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    assert not Trainee.objects.manageable_by(type(chen).objects.get(pk=chen.pk)).exists()


@pytest.mark.parametrize(
    ("sources", "target", "code"),
    [
        ([], "soft", "nothing_to_merge"),
        (["soft"], "soft", "merges_into_itself"),
        (["park_a"], "soft", "merges_upward_only"),
        (["zone"], "soft", "root_stays"),
        (["bio"], "soft", "source_dissolved"),
        (["soft"], "bio", "target_dissolved"),
    ],
)
def test_what_a_merger_refuses(tree, sources, target, code):
    dissolve(organization=tree.bio, on=TODAY, actor=None)
    with refused_with(code):
        merge(sources=[getattr(tree, name) for name in sources], target=getattr(tree, target), actor=None)
    assert not OrganizationChange.objects.filter(kind=ChangeKind.MERGED).exists()


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (TODAY + dt.timedelta(days=1), "change_in_future"),
        (dt.date(YEAR - 1, 12, 31), "change_not_this_year"),
    ],
)
def test_days_that_a_merger_refuses(tree, day, code):
    with refused_with(code):
        merge(sources=[tree.make], target=tree.soft, actor=None, basis=Basis(day))
    assert again(tree.make).dissolved_on is None


def test_a_merged_organization_takes_nobody_in(tree, zhao):
    stale = tree.make
    merge(sources=[tree.make], target=tree.soft, actor=zhao)
    [person] = trainees(tree.soft, 1)
    with refused_with("organization_dissolved"):
        transfer(trainee=person, organization=stale, actor=zhao)
    with refused_with("organization_dissolved"):
        admit(name="新人", organization=stale, actor=zhao)
    with refused_with("organization_dissolved"):
        amend(trainee=person, host_organization=stale, actor=zhao)


# --- Splitting -------------------------------------------------------------------------------------


def part(tree, people=(), children=(), **changes):
    values = {
        "organization": tree.soft,
        "code": "SOFT-2",
        "name": "示例软件第二支部",
        "people": [person.pk for person in people],
        "children": [child.pk for child in children],
        "actor": None,
    }
    return split(**(values | changes))


def test_chosen_people_and_children_go(tree, zhao):
    people = trainees(tree.soft, 4)
    below = branches(tree.soft, 2)
    new = part(tree, people[:2], below[:1], actor=zhao, basis=Basis(TODAY, "党员人数过多"))
    assert new.get_parent() == again(tree.park_a)
    assert (new.kind, new.founded_on) == (tree.soft.kind, TODAY)
    assert set(Trainee.objects.filter(home_organization=new)) == set(people[:2])
    assert set(Trainee.objects.filter(home_organization=tree.soft)) == set(people[2:])
    assert again(below[0]).get_parent() == new
    assert again(below[1]).get_parent() == again(tree.soft)
    [line] = OrganizationChange.objects.filter(kind=ChangeKind.SPLIT_OFF)
    assert (line.organization, line.other, line.reason) == (new, tree.soft, "党员人数过多")
    assert not any(Organization.find_problems())
    assert verify().agrees


def test_a_split_changes_no_past_figure(tree):
    people = trainees(tree.soft, 2)
    for person in people:
        credited(person, 128, occurred_at=LAST_YEAR)
    before = past()
    part(tree, people)
    assert past() == before
    assert verify().agrees


def test_a_split_sent_twice_is_once(tree):
    people = trainees(tree.soft, 2)
    assert part(tree, people) == part(tree, people)
    assert Organization.objects.filter(code="SOFT-2").count() == 1


def test_what_a_split_refuses(tree):
    [mine] = trainees(tree.soft, 1)
    [stranger] = trainees(tree.bio, 1)
    with refused_with("nothing_to_split"):
        part(tree)
    with refused_with("person_elsewhere") as refused:
        part(tree, [mine, stranger])
    assert stranger.name in refused.value.sentence
    with refused_with("child_elsewhere"):
        part(tree, [mine], [tree.bio])
    with refused_with("root_is_not_split"):
        part(tree, [mine], organization=tree.zone)
    with refused_with("code_taken"):
        part(tree, [mine], code="MAKE")
    with refused_with("organization_name_missing"):
        part(tree, [mine], name=" ")
    with refused_with("change_not_this_year"):
        part(tree, [mine], basis=Basis(dt.date(YEAR - 1, 1, 1)))
    assert Organization.objects.count() == 6
    mine.refresh_from_db()
    assert mine.home_organization == tree.soft


def test_a_merger_may_follow_a_founding_of_the_same_day(tree):
    new = found(parent=tree.park_a, code="NEW", name="示例新支部", kind="branch", actor=None)
    [person] = trainees(new, 1, started_on=None)
    merge(sources=[new], target=tree.soft, actor=None)
    person.refresh_from_db()
    assert person.home_organization == tree.soft
