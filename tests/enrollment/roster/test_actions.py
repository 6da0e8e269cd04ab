"""Importing: preview, confirmation, one transaction, and coming back to it."""

import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from cms.refusals import Refused
from enrollment import tasks
from enrollment.actions import people, roster
from enrollment.actions.organizations import dissolve, found
from enrollment.models import Appointment, Organization, RosterImport, Standing, Trainee
from enrollment.roster.sheets import write_corrections, write_people
from enrollment.roster.verdict import problems_of
from tests.enrollment.roster.sheets import person, workbook
from tests.enrollment.roster.test_judgement import DATA, KINDS

Status = RosterImport.Status
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MAKE = "中共示例制造有限公司支部委员会"
BIO = "中共示例生物有限公司支部委员会"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def messy(tree):
    """The organizations that the messy roster names, and the file."""
    for code, name, kind in [
        ("EQUIP", "中共示例智能装备有限公司总支部委员会", "general_branch"),
        ("ESTATE", "中共示例物业服务有限公司支部委员会", "branch"),
    ]:
        found(parent=tree.park_a, code=code, name=name, kind=kind, actor=None)
    return (DATA / "roster-messy.xlsx").read_bytes()


def send(rows, *, organization=None, actor=None, name="花名册.xlsx", **more):
    return roster.read_roster(file=workbook(rows, **more), organization=organization, actor=actor, name=name)


def counts(roster_import):
    return {key: value for key, value in roster_import.verdict["counts"].items() if value}


def errors(roster_import):
    return [
        (problem["row"], problem["field"], problem["code"])
        for row in roster_import.verdict["rows"]
        for problem in problems_of(row)
    ]


def test_the_messy_roster_ends_as_it_should(messy):
    expected = json.loads((DATA / "roster-messy.expected.json").read_text())
    first = roster.read_roster(
        file=io.BytesIO(messy), organization=None, actor=None, name="roster-messy.xlsx"
    )
    assert first.status == Status.READY
    assert Trainee.objects.count() == 0
    assert first.verdict["counts"] == {
        "rows": expected["data_rows"],
        "new": expected["good"],
        "changed": 0,
        "unchanged": 0,
        "duplicates": expected["duplicates_in_file"],
        "errors": len(expected["errors"]),
    }
    assert [(row, code) for row, _field, code in errors(first)] == [
        (row, KINDS[kind]) for row, kind in expected["errors"]
    ]

    applied = roster.apply_roster(roster_import=first, actor=None)
    assert applied.status == Status.APPLIED
    assert applied.verdict["applied"] == {"new": 234, "changed": 0, "left": 0}
    assert Trainee.objects.count() == 234
    assert Appointment.objects.current().count() == 234
    assert Standing.objects.count() == 234

    again = roster.read_roster(file=io.BytesIO(messy), organization=None, actor=None)
    assert again.verdict["counts"] == {**first.verdict["counts"], "new": 0, "unchanged": 234}


def test_people_are_written_as_the_file_says(tree):
    roster.import_file(
        workbook(
            [
                person(
                    "何　超",
                    13900000001,
                    born="1953/9/22",
                    joined="２０１５.０８",
                    post="党支部书记",
                    education="大学",
                )
            ]
        )
    )
    trainee = Trainee.objects.get()
    assert trainee.name == "何超"
    assert trainee.phone == "13900000001"
    assert trainee.born_on == dt.date(1953, 9, 22)
    assert trainee.joined_on == dt.date(2015, 8, 1)
    assert (trainee.education, trainee.gender, trainee.ethnicity) == ("本科", "m", "汉族")
    assert trainee.home_organization == tree.soft
    assert trainee.appointments.get().post == "secretary"


def test_applying_twice_is_once(tree):
    roster_import = send([person()])
    roster.apply_roster(roster_import=roster_import, actor=None)
    roster.apply_roster(roster_import=roster_import, actor=None)
    assert Trainee.objects.count() == 1


def test_two_imports_of_one_file_create_nobody_twice(tree):
    one, two = send([person()]), send([person()])
    roster.apply_roster(roster_import=one, actor=None)
    roster.apply_roster(roster_import=two, actor=None)
    assert Trainee.objects.count() == 1


def test_changes_are_shown_and_then_made(tree):
    roster.import_file(workbook([person(post="书记")]))
    changed = send([person(organization=MAKE, note="调入")])
    [row] = changed.verdict["rows"]
    assert row["changes"] == {
        "organization_id": [tree.soft.pk, tree.make.pk],
        "post": ["secretary", "member"],
        "note": ["", "调入"],
    }
    roster.apply_roster(roster_import=changed, actor=None)
    trainee = Trainee.objects.get()
    assert trainee.home_organization == tree.make
    assert trainee.note == "调入"
    assert trainee.appointments.current().get().organization == tree.make
    assert Standing.objects.get().organization == tree.make


def test_two_people_may_swap_their_phones_through_a_correction(tree):
    roster.import_file(
        workbook([person("张三", "13900000001"), person("李四", "13900000002", born="1990.01")])
    )
    refused = send([person("张三", "13900000002"), person("李四", "13900000001", born="1990.01")])
    assert [code for _row, _field, code in errors(refused)] == ["phone_of_another", "phone_of_another"]


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_saved(tree):
    roster_import = send([person("张三"), person("李四", "13900000002")])
    people.admit(name="王五", organization=tree.make, phone="13900000001", actor=None)
    with pytest.raises(Refused) as refused:
        roster.apply_roster(roster_import=roster_import, actor=None)
    assert refused.value.code == "roster_data_changed"
    roster_import.refresh_from_db()
    assert roster_import.status == Status.READY
    assert roster_import.error
    assert counts(roster_import) == {"rows": 2, "new": 1, "errors": 1}
    assert not Trainee.objects.filter(name="李四").exists()
    roster.apply_roster(roster_import=roster_import, actor=None)
    assert Trainee.objects.filter(name="李四").exists()


def test_an_organization_dissolved_since_the_preview_takes_nobody(tree):
    roster_import = send([person()])
    dissolve(organization=tree.soft, on=dt.date(2026, 1, 31), actor=None)
    with pytest.raises(Refused):
        roster.apply_roster(roster_import=roster_import, actor=None)
    roster_import.refresh_from_db()
    assert [code for _row, _field, code in errors(roster_import)] == ["dissolved_organization"]


def test_a_write_that_fails_in_the_middle_leaves_nothing(tree, monkeypatch):
    roster_import = send([person("张三"), person("李四", "13900000002")])
    monkeypatch.setattr(
        roster, "let_leave", lambda *_args, **_: (_ for _ in ()).throw(RuntimeError("the plug was pulled"))
    )
    with pytest.raises(RuntimeError):
        roster.apply_roster(roster_import=roster_import, actor=None)
    assert Trainee.objects.count() == 0
    assert Standing.objects.count() == 0
    monkeypatch.undo()
    roster.apply_roster(roster_import=roster_import, actor=None)
    assert Trainee.objects.count() == 2


def test_a_phone_taken_at_the_last_moment_is_a_sentence_not_a_crash(tree, monkeypatch):
    roster_import = send([person("张三")])

    def taken(**_):
        raise IntegrityError("enrollment_trainee_phone_once")

    monkeypatch.setattr(roster, "admit_in_bulk", taken)
    with pytest.raises(Refused) as refused:
        roster.apply_roster(roster_import=roster_import, actor=None)
    assert refused.value.code == "roster_data_changed"


# --- Scope ---------------------------------------------------------------------------------------


def test_an_affairs_worker_imports_only_where_they_look_after_people(tree, li):
    roster_import = send([person("张三"), person("李四", "13900000002", organization=MAKE)], actor=li)
    assert errors(roster_import) == [(3, "organization", "unknown_organization")]


def test_a_person_of_another_organization_is_not_taken_over(tree, li, outsider):
    roster_import = send([person(outsider.name, outsider.phone)], actor=li)
    assert errors(roster_import) == [(2, "name", "person_elsewhere")]
    stolen = send([person("张三", outsider.phone)], actor=li)
    [row] = stolen.verdict["rows"]
    [problem] = problems_of(row)
    assert problem["code"] == "phone_of_another"
    assert outsider.name not in problem["message"]


def test_who_looks_after_nothing_imports_nothing(tree, zhang, zhou):
    for actor in (zhang, zhou):
        with pytest.raises(Refused) as refused:
            send([person()], actor=actor)
        assert refused.value.code == "roster_organization_not_yours"


def test_an_organization_given_takes_rows_that_name_none_and_refuses_the_others(tree):
    roster_import = send(
        [person("张三", organization=None), person("李四", "13900000002", organization=BIO)],
        organization=tree.make,
    )
    assert errors(roster_import) == [(3, "organization", "unknown_organization")]
    roster.apply_roster(roster_import=roster_import, actor=None)
    assert Trainee.objects.get().home_organization == tree.make


def test_organizations_are_known_by_full_name_short_name_and_code(tree):
    rows = [
        person("张三", "13900000001", organization=" 中共示例软件有限公司 支部委员会"),
        person("李四", "13900000002", organization="示例软件支部"),
        person("王五", "13900000003", organization="SOFT"),
    ]
    roster.import_file(workbook(rows))
    assert set(Trainee.objects.values_list("home_organization__code", flat=True)) == {"SOFT"}


def test_a_short_name_that_two_share_is_not_guessed(tree):
    found(
        parent=tree.park_b, code="SOFT2", name="另一个", short_name="示例软件支部", kind="branch", actor=None
    )
    assert errors(send([person(organization="示例软件支部")])) == [
        (2, "organization", "ambiguous_organization")
    ]


# --- Personal data -------------------------------------------------------------------------------


def test_identity_numbers_recognize_and_are_not_kept(tree):
    header = ["姓名", "身份证号", "手机号", "所在党组织"]
    number = "11010519491231002X"
    sheet = workbook(
        [["张三", number, "13900000001", "SOFT"], ["李四", number[:-1] + "1", "13900000002", "SOFT"]],
        header=header,
    )
    roster_import = roster.read_roster(file=sheet, organization=None, actor=None)
    assert number[:-1] not in json.dumps(roster_import.verdict)
    assert not roster_import.file
    roster.apply_roster(roster_import=roster_import, actor=None)
    trainee = Trainee.objects.get()
    assert (trainee.identity_tail, trainee.born_on) == ("002X", dt.date(1949, 12, 31))
    assert len(trainee.identity_digest) == 64
    moved = roster.read_roster(
        file=workbook([["张叁", number, "13900000009", "MAKE"]], header=header), organization=None, actor=None
    )
    assert moved.verdict["rows"][0]["trainee"] == trainee.pk


# --- There and back ------------------------------------------------------------------------------


def test_the_rows_to_correct_come_back_corrected(tree):
    roster_import = send([person("张三", "1390000000", note="@SUM(1)"), person("李四", "13900000002")])
    roster.apply_roster(roster_import=roster_import, actor=None)
    target = io.BytesIO()
    assert write_corrections(target, roster_import.verdict) == 1
    book = openpyxl.load_workbook(target)
    header, row = list(book.active.iter_rows(values_only=True))
    assert row[header.index("备注")] == "'@SUM(1)"
    assert "11" in row[-1]
    book.active.cell(2, header.index("手机号") + 1).value = "13900000001"
    corrected = io.BytesIO()
    book.save(corrected)
    corrected.seek(0)
    back = roster.read_roster(file=corrected, organization=None, actor=None)
    assert counts(back) == {"rows": 1, "new": 1}
    assert back.verdict["rows"][0]["person"]["note"] == "@SUM(1)"


ROSTER_FIELDS = (
    "name", "gender", "ethnicity", "born_on", "education", "joined_on", "member_status", "phone", "note",
)  # fmt: skip


def test_an_export_sent_back_changes_nothing(messy):
    roster.import_file(io.BytesIO(messy))
    posts = dict(Appointment.objects.values_list("trainee_id", "post"))
    rows = [
        {**row, "organization": row.pop("home_organization__name"), "post": posts[row.pop("pk")]}
        for row in Trainee.objects.values(
            "pk", "name", "gender", "ethnicity", "born_on", "education", "joined_on", "member_status",
            "phone", "note", "home_organization__name",
        )
    ]  # fmt: skip
    target = io.BytesIO()
    write_people(target, rows)
    back = roster.read_roster(file=target, organization=None, actor=None)
    assert counts(back) == {"rows": 234, "unchanged": 234}


def test_an_export_of_what_was_typed_by_hand_sent_back_changes_nothing(tree):
    """A record is not written as a roster is read: spaces, full width, another dot, the short word."""
    typed = [
        ("韩 斌", "汉", "大学", "ＡＢ　说明  两处空格"),
        ("韩斌", "汉族", "本科", ""),
        ("买买提•朱杰", "维吾尔", "研究生学历", "（备注）"),
        ("Anna  Lee", "", "", "x "),
    ]
    for number, (name, ethnicity, education, note) in enumerate(typed):
        people.admit(
            name=name, organization=tree.soft, phone=f"1390000111{number}" if number != 3 else None,
            ethnicity=ethnicity, education=education, note=note, actor=None,
        )  # fmt: skip
    stored = list(Trainee.objects.order_by("pk").values())
    rows = [
        {**{name: row[name] for name in ROSTER_FIELDS}, "organization": tree.soft.name, "post": "member"}
        for row in stored
    ]
    target = io.BytesIO()
    write_people(target, rows)
    back = roster.read_roster(file=target, organization=None, actor=None)
    assert counts(back) == {"rows": 4, "unchanged": 4}
    assert back.verdict["missing"] == []
    assert list(Trainee.objects.order_by("pk").values()) == stored


# --- Background ----------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_ends_in_a_sentence(tree):
    received = roster.receive_roster(file=io.BytesIO(b"\x00"), organization=None, actor=None, name="x.xlsx")
    assert tasks.judge_roster(received.pk) == Status.FAILED
    received.refresh_from_db()
    assert received.error
    with pytest.raises(Refused):
        roster.apply_roster(roster_import=received, actor=None)


def test_tasks_given_out_twice_do_no_harm(tree, li):
    received = roster.receive_roster(file=workbook([person()]), organization=None, actor=li)
    for _ in range(2):
        assert tasks.judge_roster(received.pk) == Status.READY
    assert roster.begin_applying(roster_import=received, actor=li)
    for _ in range(2):
        assert tasks.apply_roster(received.pk, li.pk) == Status.APPLIED
    assert not roster.begin_applying(roster_import=received, actor=li)
    assert Trainee.objects.filter(name="张三").count() == 1


def test_a_discarded_import_is_not_applied_and_its_file_is_gone(tree):
    roster_import = send([person()])
    path = roster_import.file.path
    roster.discard_roster(roster_import=roster_import, actor=None)
    assert roster_import.status == Status.DISCARDED
    assert not Path(path).exists()
    with pytest.raises(Refused):
        roster.apply_roster(roster_import=roster_import, actor=None)


def test_rows_and_queries(tree, django_assert_max_num_queries):
    many = [person(f"张{chr(0x4E00 + n)}", f"1390000{n:04}", born="1985.05") for n in range(600)]
    file = workbook(many)
    with django_assert_max_num_queries(25):
        roster.verdict_on(file, organization=None, actor=None)
    with transaction.atomic(), django_assert_max_num_queries(120):
        roster.import_file(file)
    assert Organization.objects.get(code="SOFT").members.count() == 600
