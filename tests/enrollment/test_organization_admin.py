"""The page of an organization in the admin, its five changes with previews, and what is kept beside it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from wagtail.models import ModelLogEntry

from enrollment.actions.classes import set_quota
from enrollment.actions.organizations import rename
from enrollment.actions.roles import grant_role
from enrollment.models import (
    ChangeKind,
    DemonstrationTitle,
    Organization,
    OrganizationChange,
    OrganizationContact,
    Pairing,
    Role,
    Trainee,
)
from tests.factories.enrollment import branches, credited, trainees, training_class

pytestmark = pytest.mark.slow

TODAY = timezone.localdate()
LATER = {"on": str(TODAY), "reason": "示例原因", "document_number": "示例党〔2026〕3号"}


@pytest.fixture
def admin(client, zhao, sign_in):
    return sign_in(client, zhao)


def url(name, organization):
    return reverse(f"organizations:{name}", args=[organization.pk])


def counted(preview, plural):
    """The number that the sentence with this plural form says in the preview, in whatever language."""
    singular = {
        "%(number)s organizations below go along.": "%(number)s organization below goes along.",
        "%(number)s people are on their rosters this year.": (
            "%(number)s person is on their rosters this year."
        ),
        "%(number)s people come over, with the posts held now.": (
            "%(number)s person comes over, with the post held now."
        ),
        "It has seats in %(number)s classes under way.": "It has seats in %(number)s class under way.",
    }[plural]
    told = preview.context["preview"]
    return next(
        (n for n in range(1, 20) if ngettext(singular, plural, n) % {"number": n} in told),
        None,
    )


def confirmed(admin, name, organization, form):
    """Send the form, see the preview, confirm it; return the preview and the answer."""
    preview = admin.post(url(name, organization), form)
    assert preview.status_code == 200
    fingerprint = preview.context["fingerprint"]
    return preview, admin.post(url(name, organization), form | {"confirmed": fingerprint})


def test_the_page_of_an_organization(admin, tree, zhao):
    [person] = trainees(tree.soft, 1)
    credited(person, 128)
    branches(tree.soft, 1)
    rename(organization=tree.soft, name="中共示例新名支部委员会", actor=zhao)
    OrganizationContact.objects.create(
        organization=tree.soft, role="联系领导", name="示例联系人", phone="13812345678", starts_on=TODAY
    )
    Pairing.objects.create(organization=tree.soft, partner=tree.bio, starts_on=TODAY)
    page = admin.get(url("inspect", tree.soft)).content.decode()
    for words in ("中共示例新名支部委员会", "示例联系人", "138****5678", "示例生物支部", "32", "100%"):
        assert words in page
    assert "13812345678" not in page
    assert "中共示例软件有限公司支部委员会 →" in page
    for name in ("rename", "move", "merge", "split", "dissolve"):
        assert url(name, tree.soft) in page


def test_its_queries_do_not_grow(admin, tree, zhao):
    def measured():
        admin.get(url("inspect", tree.soft))
        with CaptureQueriesContext(connection) as queries:
            admin.get(url("inspect", tree.soft))
        return len(queries)

    def more(number):
        branches(tree.soft, number)
        for place in branches(tree.park_b, number):
            Pairing.objects.create(organization=tree.soft, partner=place, starts_on=TODAY)
            OrganizationContact.objects.create(
                organization=tree.soft, role=f"角色{place.pk}", name="示例", starts_on=TODAY
            )
            awarded = TODAY - dt.timedelta(days=place.pk)
            DemonstrationTitle.objects.create(organization=tree.soft, level="city", awarded_on=awarded)
            rename(organization=tree.soft, name=f"示例{place.pk}", actor=zhao)
        for person in trainees(tree.soft, number):
            credited(person, 4)

    more(2)
    few = measured()
    more(12)
    assert measured() == few


def test_a_preview_saves_nothing_and_a_confirmation_does(admin, tree):
    before = tree.soft.name
    form = LATER | {"name": "中共示例更名支部委员会", "short_name": "更名支部"}
    answer = admin.post(url("rename", tree.soft), form)
    assert "中共示例更名支部委员会" in answer.content.decode()
    assert Organization.objects.get(pk=tree.soft.pk).name == before
    assert not OrganizationChange.objects.filter(kind=ChangeKind.RENAMED).exists()
    altered = admin.post(
        url("rename", tree.soft), form | {"name": "另一个名字", "confirmed": answer.context["fingerprint"]}
    )
    assert altered.status_code == 200
    assert Organization.objects.get(pk=tree.soft.pk).name == before
    _preview, answer = confirmed(admin, "rename", tree.soft, form)
    assert answer.status_code == 302
    [line] = OrganizationChange.objects.filter(kind=ChangeKind.RENAMED)
    assert (line.before, line.document_number) == (before, "示例党〔2026〕3号")


def test_moving_says_who_goes_along(admin, tree):
    below = branches(tree.make, 2)
    trainees(below[0], 3)
    preview, answer = confirmed(admin, "move", tree.make, LATER | {"parent": tree.park_b.pk})
    assert answer.status_code == 302
    assert counted(preview, "%(number)s organizations below go along.") == 2
    assert counted(preview, "%(number)s people are on their rosters this year.") == 3
    assert Organization.objects.get(pk=tree.make.pk).get_parent() == tree.park_b


def test_a_refusal_stands_at_its_field_in_the_preview(admin, tree):
    [below] = branches(tree.make, 1)
    answer = admin.post(url("move", tree.make), LATER | {"parent": below.pk})
    assert answer.context["form"].errors["parent"]
    assert "preview" not in answer.context
    future = LATER | {"parent": tree.park_b.pk, "on": str(TODAY + dt.timedelta(days=1))}
    assert admin.post(url("move", tree.make), future).context["form"].errors["on"]


def test_merging(admin, tree):
    trainees(tree.make, 2)
    trainees(tree.bio, 1)
    set_quota(training_class=training_class(), organization=tree.make, seats=2, actor=None)
    form = LATER | {"source_1": tree.make.pk, "source_2": tree.bio.pk, "source_3": tree.make.pk}
    preview, answer = confirmed(admin, "merge", tree.soft, form)
    assert counted(preview, "%(number)s people come over, with the posts held now.") == 3
    assert counted(preview, "It has seats in %(number)s classes under way.") == 1
    assert answer["Location"] == url("inspect", tree.soft)
    assert Trainee.objects.filter(home_organization=tree.soft).count() == 3
    page = admin.get(url("inspect", tree.make)).content.decode()
    assert url("inspect", tree.soft) in page
    assert url("rename", tree.make) not in page
    again = admin.post(url("merge", tree.soft), form)
    assert again.context["form"].errors["source_1"]


def test_splitting(admin, tree):
    people = trainees(tree.soft, 3)
    form = LATER | {"code": "SOFT-2", "name": "示例软件第二支部", "people": [people[0].pk]}
    preview, answer = confirmed(admin, "split", tree.soft, form)
    split_of_people = gettext("People: %(going)s go, %(staying)s stay.")
    assert split_of_people % {"going": 1, "staying": 2} in preview.context["preview"]
    assert answer["Location"] == url("inspect", Organization.objects.get(code="SOFT-2"))
    stranger = trainees(tree.bio, 1)[0]
    wrong = admin.post(url("split", tree.soft), form | {"code": "X", "people": [stranger.pk]})
    assert wrong.context["form"].errors["people"]


def test_dissolving(admin, tree):
    trainees(tree.soft, 1)
    refused = admin.post(url("dissolve", tree.soft), LATER)
    assert refused.context["form"].non_field_errors()
    _preview, answer = confirmed(admin, "dissolve", tree.bio, LATER)
    assert answer.status_code == 302
    assert Organization.objects.get(pk=tree.bio.pk).dissolved_on == TODAY


def test_previews_cost_the_same_for_many(admin, tree):
    def measured():
        form = LATER | {"parent": tree.park_b.pk}
        with CaptureQueriesContext(connection) as queries:
            assert admin.post(url("move", tree.make), form).status_code == 200
        return len(queries)

    trainees(branches(tree.make, 2)[0], 2)
    measured()
    few = measured()
    trainees(branches(tree.make, 15)[0], 15)
    assert measured() == few


@pytest.mark.parametrize("name", ["inspect", "rename", "move", "merge", "split", "dissolve"])
@pytest.mark.parametrize("who", ["li", "chen", "zhou", "outsider"])
def test_only_administrators(client, sign_in, everyone, tree, name, who):
    assert sign_in(client, everyone[who]).get(url(name, tree.soft)).status_code in {302, 403, 404}


# --- Titles, contacts, pairings --------------------------------------------------------------------


def test_records_begin_at_their_organization(admin, tree):
    for name in ("titles", "contacts", "pairings"):
        page = admin.get(reverse(f"{name}:add"), {"organization": tree.soft.pk})
        assert "示例软件支部" in page.content.decode()


def test_records_are_kept(admin, tree):
    contact = {"organization": tree.soft.pk, "role": "联系领导", "name": "甲", "starts_on": "2026-01-01"}
    answer = admin.post(reverse("contacts:add"), contact)
    assert answer["Location"] == url("inspect", tree.soft)
    second = admin.post(reverse("contacts:add"), contact | {"name": "乙"})
    [constraint] = [one for one in OrganizationContact._meta.constraints if "one_a_role" in one.name]
    assert str(constraint.violation_error_message) in second.context["form"].non_field_errors()
    pairing = {"organization": tree.soft.pk, "starts_on": "2026-01-01"}
    nobody = admin.post(reverse("pairings:add"), pairing)
    assert nobody.context["form"].errors
    both = admin.post(reverse("pairings:add"), pairing | {"partner": tree.bio.pk, "partner_name": "示例社区"})
    assert both.context["form"].errors
    itself = admin.post(reverse("pairings:add"), pairing | {"partner": tree.soft.pk})
    assert itself.context["form"].errors
    assert admin.post(reverse("pairings:add"), pairing | {"partner": tree.bio.pk}).status_code == 302
    outside = pairing | {"organization": tree.make.pk, "partner_name": "示例社区党委"}
    assert admin.post(reverse("pairings:add"), outside).status_code == 302
    assert Pairing.objects.count() == 2
    assert OrganizationContact.objects.count() == 1


def test_a_look_at_a_contacts_telephone_stands_in_the_log(admin, tree):
    contact = OrganizationContact.objects.create(
        organization=tree.soft, role="联系领导", name="示例甲", phone="13800000007", starts_on="2026-01-01"
    )
    looks = ModelLogEntry.objects.filter(action="enrollment.person.look")
    assert "13800000007" not in admin.get(reverse("contacts:index")).content.decode()
    assert not looks.exists()
    assert "13800000007" in admin.get(reverse("contacts:edit", args=[contact.pk])).content.decode()
    assert looks.get().data == {"contact": "联系领导"}


def test_the_database_holds_what_the_forms_say(tree):
    broken = [
        lambda: Pairing.objects.create(organization=tree.soft, starts_on=TODAY),
        lambda: Pairing.objects.create(organization=tree.soft, partner=tree.soft, starts_on=TODAY),
        lambda: OrganizationContact.objects.create(
            organization=tree.soft, role="", name="甲", starts_on=TODAY
        ),
        lambda: Organization.objects.filter(pk=tree.soft.pk).update(merged_into=tree.make),
    ]
    for attempt in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_who_sees_them(tree, everyone):
    OrganizationContact.objects.create(organization=tree.soft, role="联系领导", name="甲", starts_on=TODAY)
    for name, number in {"zhao": 1, "li": 1, "zhou": 1, "zhang": 0, "outsider": 0}.items():
        assert OrganizationContact.objects.visible_to(everyone[name]).count() == number
    assert OrganizationContact.objects.manageable_by(everyone["zhou"]).count() == 0


def test_the_scope_alone_opens_no_change(client, sign_in, chen, tree):
    """An instructor who also looks after people enters the admin, and changes no organization."""
    grant_role(user=chen, role=Role.AFFAIRS_WORKER, organization=tree.soft)
    client = sign_in(client, chen)
    for name in ("rename", "move", "merge", "split", "dissolve"):
        assert client.get(url(name, tree.soft)).status_code in {302, 403}
        assert client.post(url(name, tree.soft), LATER | {"name": "x"}).status_code in {302, 403}
