"""Which records look like one person's, how they are found, and what was decided about them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.refusals import Refused
from enrollment.actions.duplicates import find_duplicates, keep_apart, look_again
from enrollment.actions.people import admit, depart
from enrollment.models import DuplicatePair, PairState, Trainee
from enrollment.name_keys import NameKey
from enrollment.rules import duplicates as rules
from enrollment.rules.duplicates import Facts, Level, Sign, level_of, likeness
from tests.factories.enrollment import trainees

BIRTH = dt.date(1988, 3, 14)


def facts(number, name="示例欧阳娜", organization_id=1, **known):
    return Facts(number, name, organization_id, **known)


# --- The rule -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿卜杜·热合曼", "阿卜杜•热合曼"),
        ("李 娜", "李娜"),
        ("張偉", "张伟"),
        ("Ａnna", "anna"),
        ("肖强", "萧強"),
    ],
)
def test_names_are_compared_as_registers_agree_on_them(one, other):
    assert rules.name_key(one) == rules.name_key(other)


def test_other_names_stay_other_names():
    assert rules.name_key("李娜") != rules.name_key("李那")


@pytest.mark.parametrize(
    ("known", "beside", "signs"),
    [
        ({"phone": "1"}, {"phone": "1"}, {Sign.PHONE, Sign.NAME, Sign.ORGANIZATION}),
        ({"identity_digest": "d"}, {"identity_digest": "d"}, {Sign.IDENTITY, Sign.NAME, Sign.ORGANIZATION}),
        ({}, {}, {Sign.NAME, Sign.ORGANIZATION}),
        ({}, {"organization_id": 2, "born_on": BIRTH}, None),
        ({"born_on": BIRTH}, {"organization_id": 2, "born_on": BIRTH}, {Sign.NAME, Sign.BIRTH}),
        # The month alone is known in one of them.
        (
            {"born_on": BIRTH},
            {"organization_id": 2, "born_on": BIRTH.replace(day=1)},
            {Sign.NAME, Sign.BIRTH},
        ),
        ({"identity_tail": "002X"}, {"organization_id": 2, "identity_tail": "002X"}, {Sign.NAME, Sign.TAIL}),
        # Two identity numbers are two people, whatever else agrees.
        ({"identity_digest": "d", "phone": "1"}, {"identity_digest": "e", "phone": "1"}, None),
        # A couple with one phone.
        ({"phone": "1"}, {"name": "示例王强", "phone": "1"}, None),
        # A slip of the pen, with the phone to confirm it; without one it is another name.
        (
            {"phone": "1"},
            {"name": "示例欧阳那", "phone": "1"},
            {Sign.PHONE, Sign.NEAR_NAME, Sign.ORGANIZATION},
        ),
        ({}, {"name": "示例欧阳那"}, None),
        # Father and son of one name in one branch.
        ({"born_on": BIRTH}, {"born_on": dt.date(1960, 3, 14)}, None),
        ({"gender": "m"}, {"gender": "f"}, None),
    ],
)
def test_signs_for_and_against(known, beside, signs):
    found = likeness(facts(1, **known), facts(2, **beside))
    assert (set(found.signs) if found else None) == signs


def test_the_more_signs_the_likelier():
    scores = [
        likeness(facts(1, **known), facts(2, **known)).score
        for known in ({}, {"born_on": BIRTH}, {"born_on": BIRTH, "phone": "1"}, {"identity_digest": "d"})
    ]
    assert scores == sorted(scores)
    assert level_of(scores[0]) == Level.POSSIBLE
    assert level_of(scores[1]) == Level.CERTAIN
    assert scores[-1] == 100


def test_two_who_left_are_nobodys_business():
    assert likeness(facts(1, has_left=True), facts(2, has_left=True)) is None
    assert Sign.ONE_LEFT in likeness(facts(1, has_left=True), facts(2)).signs


# --- The search ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["阿卜杜·热合曼", "李　娜", "張偉", "Anna", "示例•甲－乙", "O’Neil"])
def test_the_database_groups_names_as_the_rule_reads_them(tree, name):
    admit(name=name, organization=tree.soft, actor=None)
    assert Trainee.objects.annotate(key=NameKey("name")).get().key == rules.name_key(name)


@pytest.fixture
def pair(tree):
    one = admit(name="阿卜杜·热合曼", organization=tree.soft, phone="13911110001", born_on=BIRTH, actor=None)
    other = admit(name="阿卜杜热合曼", organization=tree.soft, phone="13911110002", born_on=BIRTH, actor=None)
    find_duplicates()
    return DuplicatePair.objects.get(one=one, other=other)


@pytest.mark.django_db
def test_found_once_and_gone_when_corrected(tree, pair):
    assert pair.level == Level.LIKELY
    assert set(pair.signs) == {"near_name", "organization", "birth"}
    assert find_duplicates().new == 0
    # The record was corrected: they are two people after all.
    Trainee.objects.filter(pk=pair.other_id).update(born_on=dt.date(1960, 1, 2))
    assert find_duplicates().gone == 1
    assert not DuplicatePair.objects.exists()


@pytest.mark.django_db
def test_somebody_who_comes_back_is_found_beside_the_record_they_left(tree):
    left = admit(name="示例归来", organization=tree.soft, phone="13911110003", actor=None)
    depart(trainee=left, on=dt.date.today(), actor=None)
    back = admit(name="示例归来", organization=tree.bio, phone="13911110003", actor=None)
    find_duplicates()
    found = DuplicatePair.objects.get()
    assert (found.one_id, found.other_id) == (left.pk, back.pk)
    assert {"phone", "one_left"} <= set(found.signs)


@pytest.mark.django_db
def test_kept_apart_they_never_return(pair, zhao):
    keep_apart(pair=pair, actor=zhao)
    Trainee.objects.filter(pk=pair.other_id).update(identity_tail="1234")
    Trainee.objects.filter(pk=pair.one_id).update(identity_tail="1234")
    assert find_duplicates().open == 0
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (PairState.DIFFERENT, zhao)
    with pytest.raises(Refused, match="pair_decided"):
        keep_apart(pair=pair, actor=zhao)
    look_again(pair=pair, actor=zhao)
    assert find_duplicates().open == 1


@pytest.mark.django_db
def test_a_common_name_is_no_sign(tree):
    for number in range(rules.LARGEST_GROUP + 1):
        admit(name="示例常见", organization=tree.soft, phone=f"1391111{number:04}", actor=None)
    assert find_duplicates().open == 0


@pytest.mark.django_db
def test_who_sees_a_pair(tree, pair, li, zhao, zhang, outsider):
    mixed = admit(name="阿卜杜热合曼", organization=tree.bio, born_on=BIRTH, actor=None)
    find_duplicates()
    assert DuplicatePair.objects.manageable_by(zhao).count() == 3
    # Both sides must be one's own people.
    assert list(DuplicatePair.objects.manageable_by(li)) == [pair]
    assert mixed.pk not in {row.other_id for row in DuplicatePair.objects.manageable_by(li)}
    for nobody in (zhang, outsider):
        assert not DuplicatePair.objects.manageable_by(nobody).exists()
        with pytest.raises(Refused, match="records_not_yours"):
            keep_apart(pair=pair, actor=nobody)


@pytest.mark.django_db
def test_nobody_judges_their_own_record(tree, li):
    twin = admit(name=li.name, organization=tree.soft, actor=None)
    find_duplicates()
    assert DuplicatePair.objects.filter(other=twin).exists()
    assert not DuplicatePair.objects.manageable_by(li).exists()


@pytest.mark.django_db
def test_the_search_takes_the_same_queries_for_any_number_of_people(tree):
    def cost(number):
        for person in trainees(tree.soft, number):
            admit(name=person.name, organization=tree.soft, actor=None)
        with CaptureQueriesContext(connection) as queries:
            assert find_duplicates().open
        return len(queries)

    assert cost(2) == cost(30)
