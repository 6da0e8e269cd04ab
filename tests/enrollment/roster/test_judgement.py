"""What a row means for people already stored."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.roster.reader import open_roster
from enrollment.rules.roster import Fault, Outcome, Person, Row, Stored, judge, read_row

DATA = Path(__file__).with_name("data")
ORGANIZATIONS = {
    name: (number,)
    for number, name in enumerate(
        [
            "中共示例软件有限公司支部委员会",
            "中共示例智能装备有限公司总支部委员会",
            "中共示例物业服务有限公司支部委员会",
        ],
        start=1,
    )
}
KINDS = {
    "phone too short": Fault.PHONE_TOO_SHORT,
    "unknown organization": Fault.UNKNOWN_ORGANIZATION,
    "name missing": Fault.NAME_MISSING,
    "joined in the future": Fault.JOINED_IN_FUTURE,
    "impossible month": Fault.IMPOSSIBLE_DATE,
}
TODAY = dt.date(2026, 11, 22)


def zhang(**changes):
    return replace(
        Person(name="张三", phone="13900000001", born_on="1985-05", organization_id=1, post="member"),
        **changes,
    )


def stored(pk=7, **changes):
    known = Stored(
        id=pk, name="张三", organization_id=1, born_on="1985-05-01", phone="13900000001", post="member"
    )
    return replace(known, **changes)


def outcome_of(person, *known):
    [judged] = judge([Row(2, person)], known)
    return judged


def test_the_messy_roster_is_understood_to_the_last_row():
    expected = json.loads((DATA / "roster-messy.expected.json").read_text())
    with (DATA / "roster-messy.xlsx").open("rb") as file, open_roster(file) as sheet:
        rows = [
            read_row(
                row.number,
                row.cells,
                organizations=ORGANIZATIONS,
                default_organization=None,
                today=TODAY,
                digest=str,
            )
            for row in sheet.rows
        ]
    verdicts = judge(rows, [])
    outcomes = [judged.outcome for judged in verdicts]
    assert len(rows) == expected["data_rows"]
    assert outcomes.count(Outcome.NEW) == expected["good"]
    assert outcomes.count(Outcome.DUPLICATE) == expected["duplicates_in_file"]
    assert [
        (judged.row.number, [problem.code for problem in judged.problems])
        for judged in verdicts
        if judged.problems
    ] == [(number, [KINDS[kind]]) for number, kind in expected["errors"]]


def test_somebody_unknown_is_new():
    assert outcome_of(zhang()).outcome is Outcome.NEW


def test_a_person_is_found_by_phone():
    judged = outcome_of(zhang(organization_id=2, born_on=None), stored())
    assert (judged.outcome, judged.trainee_id) == (Outcome.CHANGED, 7)
    assert judged.changes == {"organization_id": (1, 2)}


def test_a_person_is_found_by_identity_before_phone():
    judged = outcome_of(
        zhang(phone="13900000009", name="张叁", identity_digest="d"),
        stored(identity_digest="d"),
        stored(8, phone=None),
    )
    assert judged.trainee_id == 7
    assert judged.changes == {"name": ("张三", "张叁"), "phone": ("13900000001", "13900000009")}


def test_a_person_is_found_by_name_organization_and_month_of_birth():
    judged = outcome_of(zhang(phone="13900000009", born_on="1985-05-19"), stored())
    assert judged.changes == {
        "born_on": ("1985-05-01", "1985-05-19"),
        "phone": ("13900000001", "13900000009"),
    }


def test_namesakes_born_in_other_months_are_two_people():
    assert outcome_of(zhang(phone="13900000009", born_on="1986-05"), stored()).outcome is Outcome.NEW


def test_what_the_file_leaves_out_stays():
    judged = outcome_of(Person(name="张三", phone="13900000001"), stored(education="本科", note="x"))
    assert judged.outcome is Outcome.UNCHANGED


def test_a_month_does_not_overwrite_a_day():
    assert outcome_of(zhang(), stored(born_on="1985-05-19")).outcome is Outcome.UNCHANGED


def test_namesakes_without_anything_to_tell_them_apart_are_not_guessed():
    judged = outcome_of(zhang(phone=None, born_on=None), stored(7), stored(8, phone="13900000002"))
    assert [problem.code for problem in judged.problems] == [Fault.SEVERAL_MATCH]


def test_a_phone_of_somebody_else_is_an_error_that_names_them_only_to_who_may_know():
    [problem] = outcome_of(zhang(name="李四"), stored()).problems
    assert (problem.code, problem.params["owner"]) == (Fault.PHONE_OF_ANOTHER, "张三")
    [problem] = outcome_of(zhang(name="李四"), stored(manageable=False)).problems
    assert problem.params["owner"] == ""


def test_a_person_elsewhere_is_not_taken_over():
    [problem] = outcome_of(zhang(), stored(organization_id=2, manageable=False)).problems
    assert problem.code is Fault.PERSON_ELSEWHERE


def test_two_people_with_one_phone_in_the_file_are_both_errors():
    verdicts = judge([Row(2, zhang()), Row(3, zhang(name="李四"))], [])
    assert [judged.problems[0].code for judged in verdicts] == [Fault.PHONE_USED_TWICE] * 2
    assert [judged.problems[0].params["row"] for judged in verdicts] == [3, 2]


def test_the_same_row_twice_is_a_duplicate_and_names_the_first():
    verdicts = judge([Row(2, zhang()), Row(9, zhang())], [])
    assert [judged.outcome for judged in verdicts] == [Outcome.NEW, Outcome.DUPLICATE]
    assert verdicts[1].duplicate_of == 2


def test_the_same_person_told_in_two_ways_is_an_error():
    verdicts = judge([Row(2, zhang()), Row(3, zhang(post="secretary"))], [])
    assert [problem.code for problem in verdicts[1].problems] == [Fault.CONTRADICTS_ROW]


def test_one_identity_for_two_names_is_an_error():
    verdicts = judge(
        [
            Row(2, zhang(identity_digest="d")),
            Row(3, zhang(name="李四", phone="13900000002", identity_digest="d")),
        ],
        [],
    )
    assert [problem.code for problem in verdicts[1].problems] == [Fault.IDENTITY_USED_TWICE]


def test_two_rows_that_meet_the_same_stored_person_do_not_both_write():
    verdicts = judge(
        [Row(2, zhang(born_on=None)), Row(3, zhang(phone="13900000002"))],
        [stored()],
    )
    assert verdicts[0].outcome is Outcome.UNCHANGED
    assert [problem.code for problem in verdicts[1].problems] == [Fault.CONTRADICTS_ROW]


PEOPLE = st.builds(
    Person,
    name=st.sampled_from(["张三", "李四", "王五"]),
    phone=st.sampled_from([None, "13900000001", "13900000002", "13900000003"]),
    born_on=st.sampled_from([None, "1985-05", "1985-05-19", "1990-01"]),
    organization_id=st.sampled_from([1, 2]),
    post=st.sampled_from([None, "member", "secretary"]),
    identity_digest=st.sampled_from([None, None, "a", "b"]),
)


def as_stored(judged, pk):
    """The person as the apply step would store them."""
    person = judged.row.person
    born = person.born_on if person.born_on is None or len(person.born_on) == 10 else f"{person.born_on}-01"
    return Stored(
        id=pk, name=person.name, organization_id=person.organization_id, born_on=born, phone=person.phone,
        identity_digest=person.identity_digest, post=person.post or "member",
    )  # fmt: skip


@given(st.lists(PEOPLE, max_size=8))
def test_sending_the_same_file_again_creates_nobody(people):
    rows = [Row(number, person) for number, person in enumerate(people, start=2)]
    first = judge(rows, [])
    roster = [as_stored(judged, pk) for pk, judged in enumerate(first) if judged.outcome is Outcome.NEW]
    phones = [person.phone for person in roster if person.phone]
    assert len(phones) == len(set(phones)), "nobody shares a phone"
    again = judge(rows, roster)
    assert [judged for judged in again if judged.outcome is Outcome.NEW] == []
    for before, after in zip(first, again, strict=True):
        if before.outcome is Outcome.NEW:
            assert after.outcome in (Outcome.UNCHANGED, Outcome.ERROR)


@pytest.mark.parametrize("reverse", [False, True])
def test_every_row_gets_one_verdict(reverse):
    rows = [Row(n, zhang(phone=f"139000000{n:02}", name=f"张{n}")) for n in range(10, 20)]
    rows = rows[::-1] if reverse else rows
    assert [judged.row.number for judged in judge(rows, [])] == [row.number for row in rows]
