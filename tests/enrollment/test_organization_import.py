"""A table of organizations: what goes out comes back unchanged; what comes in is judged and applied whole."""

from __future__ import annotations

import csv
import datetime as dt
import io
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook
from wagtail.models import ModelLogEntry

from cms.actions.jobs import begin
from cms.models import Job
from cms.refusals import Refused
from enrollment.actions import organization_imports as steps
from enrollment.actions.organization_import import (
    apply_lines,
    judge_lines,
    read_lines,
    summary,
    write_organizations,
)
from enrollment.actions.organizations import amend, dissolve, rename
from enrollment.jobs import APPLY_ORGANIZATIONS, JUDGE_ORGANIZATIONS
from enrollment.models import (
    Area,
    ChangeKind,
    DemonstrationTitle,
    IndustryTag,
    Organization,
    OrganizationChange,
    OrganizationContact,
    OrganizationImport,
    Pairing,
    ServiceGroup,
)
from enrollment.rules import organization_table as rules
from enrollment.rules.organization_table import find_header, judge, read_line
from tests.enrollment.roster.sheets import repacked
from tests.factories.enrollment import branches

pytestmark = pytest.mark.slow

URL = reverse("organizations:import")
Status = OrganizationImport.Status
HEADS = ["编号", "名称", "类别", "上级编号"]
KNOWN = {"area": {"东片区": 1}, "tags": {"智能制造": 2, "医药": 3}, "service_group": {"第1服务小组": 4}}


@pytest.fixture
def admin(client, zhao, sign_in):
    return sign_in(client, zhao)


def sheet(*rows, heads=HEADS, above=()):
    book = Workbook()
    for row in [*above, heads, *rows]:
        book.active.append(row)
    target = BytesIO()
    book.save(target)
    target.seek(0)
    return target


def outcomes(file):
    return [(one.outcome, sorted(one.changes)) for one in judge_lines(read_lines(file))]


def applied(file, actor=None):
    lines = read_lines(file)
    return apply_lines(lines=lines, shown=summary(judge_lines(lines)), actor=actor)


# --- Rules -----------------------------------------------------------------------------------------


def test_the_header_is_found_under_titles():
    rows = [["示例高新区党组织一览表"], [], ["序号", "组织编号*", "党组织名称", "备注"]]
    assert find_header(rows) == (2, {1: "code", 2: "name"})
    assert find_header([["姓名", "编号"]]) is None


def test_a_row_is_read_out_of_real_mess():
    line = read_line(
        5,
        {
            "code": "ＳＯＦＴ",
            "name": " 中共示例（集团）支部 ",
            "kind": "支部",
            "star": "五星级",
            "is_social": "社会组织",
            "founded_on": "2018年6月4日",
            "tags": "智能制造，医药",
            "area": "—",
            "service_group": "第1服务小组",
        },
        known=KNOWN,
    )
    assert line.problems == ()
    assert line.told == {
        "code": "SOFT",
        "name": "中共示例（集团）支部",
        "kind": "branch",
        "star": 5,
        "is_social": True,
        "founded_on": "2018-06-04",
        "tags": [2, 3],
        "area": None,
        "service_group": 4,
    }


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("code", "", "cell_missing"),
        ("name", "无", "cell_missing"),
        ("name", "长" * 121, "cell_too_long"),
        ("kind", "城堡", "cell_unknown"),
        ("area", "西片区", "cell_unknown"),
        ("tags", "智能制造、没有", "cell_unknown"),
        ("star", "6", "cell_not_a_star"),
        ("founded_on", "2018-02-30", "cell_not_a_date"),
        ("is_social", "国企", "cell_unknown"),
        ("titles", "国家级｜2023-07-01", "record_unknown_level"),
        ("titles", "市级｜2023-07-01｜2023-07-01", "record_days_reversed"),
        ("titles", "市级｜2023", "record_not_a_day"),
        ("titles", "市级｜2023-07-01；市级|2023年7月1日", "record_twice"),
        ("pairings", "示例社区党委", "record_part_missing"),
        ("pairings", "示例社区党委｜2023-07-01\n示例社区党委｜2024-07-01", "record_both_open"),
        ("contacts", "联系领导｜示例甲｜单位｜电话｜2023-07-01｜2024-01-01｜多余", "record_too_many_parts"),
        ("contacts", f"联系领导｜{'长' * 61}｜｜｜2023-07-01", "record_part_too_long"),
    ],
)
def test_what_a_cell_refuses(field, value, code):
    [problem] = read_line(2, {field: value}, known=KNOWN).problems
    assert (problem.code, problem.field) == (code, field)
    assert str(problem)


def test_rows_are_judged_against_each_other():
    lines = [
        read_line(2, {"code": "A", "name": "甲", "kind": "党支部", "parent": "B"}, known=KNOWN),
        read_line(3, {"code": "B", "name": "乙", "kind": "党总支", "parent": "ZONE"}, known=KNOWN),
        read_line(4, {"code": "A", "name": "甲", "kind": "党支部", "parent": "B"}, known=KNOWN),
        read_line(5, {"code": "C", "name": "丙", "kind": "党支部", "parent": "X"}, known=KNOWN),
        read_line(6, {"code": "D", "name": "丁"}, known=KNOWN),
        read_line(7, {"code": "OLD", "name": "戊"}, known=KNOWN),
    ]
    verdicts = judge(lines, {"ZONE": {}}, frozenset({"OLD"}))
    assert [(one.outcome, [reason.code for reason in one.problems]) for one in verdicts] == [
        ("new", []),
        ("new", []),
        ("error", ["code_twice"]),
        ("error", ["cell_unknown"]),
        ("error", ["row_parent_missing", "cell_missing"]),
        ("error", ["row_dissolved"]),
    ]


def test_partners_are_looked_up_and_named():
    rows = [
        ("NOBODY｜2023-07-01", ["record_unknown_partner"]),
        ("A｜2023-07-01", ["record_with_itself"]),
        ("OLD｜2023-07-01", ["record_partner_dissolved"]),
        ("OLD｜2023-07-01｜2023-08-01；ZONE｜2023-07-01；示例社区党委｜2023-07-01；KEPT｜2020-01-01", []),
    ]
    stored = {
        "ZONE": {},
        "A": {name: [] for name in rules.TITLES} | {"pairings": [["KEPT", "2020-01-01", "", ""]]},
    }
    for cell, codes in rows:
        line = read_line(2, {"code": "A", "pairings": cell}, known=KNOWN)
        [verdict] = judge([line], stored, frozenset({"OLD"}))
        assert [reason.code for reason in verdict.problems] == codes


# --- Out and in again ------------------------------------------------------------------------------


def _keep_beside(tree):
    day, later = dt.date(2023, 7, 1), dt.date(2026, 6, 30)
    DemonstrationTitle.objects.create(organization=tree.soft, level="city", awarded_on=day, expires_on=later)
    DemonstrationTitle.objects.create(organization=tree.soft, level="district", awarded_on=day)
    Pairing.objects.create(organization=tree.soft, partner=tree.bio, starts_on=day, note="党建；共建|“示例”")
    Pairing.objects.create(organization=tree.soft, partner=tree.make, starts_on=day, ends_on=later)
    Pairing.objects.create(organization=tree.bio, partner_name="=示例社区  党委；第二", starts_on=day)
    Pairing.objects.create(organization=tree.bio, partner_name="MAKE-NOT", starts_on=later)
    for role, name, phone in (("联系领导", "示例甲", "13800000001"), ("指导员", "- 示例乙", "")):
        OrganizationContact.objects.create(
            organization=tree.soft, role=role, name=name, unit="示例单位 科长", phone=phone, starts_on=day
        )


def _kept():
    return [
        sorted(
            DemonstrationTitle.objects.values_list("organization", "level", "awarded_on", "expires_on"),
            key=str,
        ),
        sorted(
            Pairing.objects.values_list(
                "organization", "partner", "partner_name", "starts_on", "ends_on", "note"
            ),
            key=str,
        ),
        sorted(
            OrganizationContact.objects.values_list(
                "organization", "role", "name", "unit", "phone", "starts_on", "ends_on"
            ),
            key=str,
        ),
    ]


@pytest.mark.parametrize("as_csv", [False, True])
def test_titles_pairings_and_contacts_go_out_and_come_back(tree, zhao, as_csv):
    _keep_beside(tree)
    target = BytesIO()
    write_organizations(target, zhao, as_csv=as_csv)
    assert outcomes(target) == [("unchanged", [])] * 6
    before = _kept()
    assert [len(rows) for rows in before] == [2, 4, 2]
    # What was lost since comes back out of the same file, and what was added goes.
    DemonstrationTitle.objects.all().delete()
    Pairing.objects.filter(partner__isnull=False).delete()
    OrganizationContact.objects.all().delete()
    OrganizationContact.objects.create(
        organization=tree.soft, role="指导员", name="别人", starts_on=dt.date(2020, 1, 1)
    )
    target.seek(0)
    assert applied(target, zhao) == {"new": 0, "changed": 1}
    after = _kept()
    assert after[0] == before[0]
    assert after[2] == before[2]
    # Signs that part rows and parts came back as others of their kind.
    assert [row[:5] for row in after[1]] == [row[:5] for row in before[1]]
    assert Pairing.objects.get(partner=tree.bio).note == "党建,共建/“示例”"


def test_a_cell_says_what_comes_changes_and_goes(tree, zhao):
    _keep_beside(tree)
    name = Organization.objects.get(code="SOFT").name
    file = sheet(
        [
            "SOFT",
            name,
            "区级｜2023-07-01｜2025-07-01；省级｜2025-01-01",
            "BIO｜2023-07-01｜2024-01-01；BIO｜2024-02-01",
        ],
        ["N1", "示例新支部", "市级｜2024-01-01", "SOFT|2024-01-01", "党支部", "PARK-B"],
        heads=["编号", "名称", "示范称号", "结对共建", "类别", "上级编号"],
    )
    received = steps.judge_table(received=steps.receive_table(file=file, actor=zhao, name="x.xlsx"))
    told = next(one["told"] for one in received.words if one["name"] == name)
    assert len(told) == 6
    assert any("区级｜2023-07-01｜2025-07-01" in sentence for sentence in told)
    steps.apply_table(received=received, actor=zhao)
    held = Pairing.objects.filter(organization=tree.soft).values_list("partner__code", "starts_on", "ends_on")
    assert sorted(held) == [
        ("BIO", dt.date(2023, 7, 1), dt.date(2024, 1, 1)),
        ("BIO", dt.date(2024, 2, 1), None),
    ]
    levels = DemonstrationTitle.objects.filter(organization=tree.soft).values_list("level", flat=True)
    assert sorted(levels) == ["district", "province"]
    assert Pairing.objects.get(organization__code="N1").partner_id == tree.soft.pk
    # Contacts were not in the table, so nothing was said of them.
    assert OrganizationContact.objects.count() == 2
    entry = ModelLogEntry.objects.filter(
        action="enrollment.organization.amend", data__has_key="titles"
    ).first()
    assert "+ 省级｜2025-01-01" in entry.data["titles"]


def test_neither_log_nor_import_keeps_a_contact_by_name(tree, zhao):
    name = Organization.objects.get(code="BIO").name
    told = "联系领导｜示例丙｜示例单位｜13800000009｜2023-07-01"
    file = sheet(["BIO", name, told], heads=["编号", "名称", "五个一"])
    received = steps.judge_table(received=steps.receive_table(file=file, actor=zhao, name="x.xlsx"))
    [sentence] = received.words[0]["people"]
    assert "示例丙｜示例单位｜138****0009｜2023-07-01" in sentence
    received = steps.apply_table(received=received, actor=zhao)
    assert (received.lines, received.words[0]["people"]) == ([], [])
    assert OrganizationContact.objects.get().phone == "13800000009"
    entry = ModelLogEntry.objects.get(data__has_key="contacts")
    assert entry.data["contacts"] == ["+ 联系领导｜｜｜｜2023-07-01"]


def test_an_export_sent_back_changes_nothing(tree, zhao):
    tags = [
        IndustryTag.objects.create(kind="field", code="f1", name="智能制造"),
        IndustryTag.objects.create(kind="chain", code="c1", name="智能制造"),
        IndustryTag.objects.create(kind="alliance", code="a1", name="示例（创新）联盟"),
    ]
    area = Area.objects.create(code="e", name="示例东（新）片区")
    group = ServiceGroup.objects.create(code="g1", name="第1服务小组")
    amend(organization=tree.soft, actor=zhao, tags=tags, area=area, service_group=group, star=5)
    rename(organization=tree.soft, name="中共示例（集团）支部委员会", short_name="=示例", actor=zhao)
    target = BytesIO()
    assert write_organizations(target, zhao) == 6
    assert outcomes(target) == [("unchanged", [])] * 6


def test_an_export_of_names_typed_by_hand_sent_back_changes_nothing(tree, zhao):
    names = ("中共示例  软件（总部）支部委员会", "中共示例ＡＢ支部委员会", " 中共示例三支部委员会")
    for organization, name in zip((tree.soft, tree.make, tree.bio), names, strict=True):
        Organization.objects.filter(pk=organization.pk).update(name=name, short_name=f"{name[:6]}　部")
    target = BytesIO()
    write_organizations(target, zhao)
    verdicts = judge_lines(read_lines(target))
    assert {one.outcome for one in verdicts} == {rules.UNCHANGED}


def test_founding_renaming_moving_and_amending_at_once(tree, zhao):
    file = sheet(
        ["N2", "示例新二支部", "党支部", "N1"],
        ["N1", "示例新总支", "党总支", "PARK-B"],
        ["SOFT", "中共示例软件更名支部委员会", "党总支", "PARK-B"],
        ["MAKE", "中共示例制造有限公司支部委员会", "", ""],
    )
    assert applied(file, zhao) == {"new": 2, "changed": 1}
    soft = Organization.objects.get(code="SOFT")
    assert (soft.name, soft.kind) == ("中共示例软件更名支部委员会", "general_branch")
    assert soft.get_parent().code == "PARK-B"
    assert Organization.objects.get(code="N2").get_parent().code == "N1"
    kinds = set(OrganizationChange.objects.filter(organization=soft).values_list("kind", flat=True))
    assert {ChangeKind.RENAMED, ChangeKind.MOVED, ChangeKind.REGRADED} < kinds
    assert not any(Organization.find_problems())


def test_a_text_file_in_gb18030(tree):
    text = io.StringIO()
    csv.writer(text).writerows([["党组织一览表"], HEADS, ["SOFT", "示例更名支部", "党支部", "PARK-A"]])
    assert outcomes(BytesIO(text.getvalue().encode("gb18030"))) == [("changed", ["name"])]


def test_an_empty_column_is_not_told_and_an_empty_cell_clears(tree, zhao):
    amend(organization=tree.soft, actor=zhao, star=5)
    name = Organization.objects.get(code="SOFT").name
    assert outcomes(sheet(["SOFT", name], heads=["编号", "名称"])) == [("unchanged", [])]
    assert outcomes(sheet(["SOFT", name, ""], heads=["编号", "名称", "星级"])) == [("changed", ["star"])]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (BytesIO(b""), "roster_empty"),
        (BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100), "roster_old_or_encrypted"),
        (BytesIO(b"PK\x03\x04 not a zip"), "roster_broken"),
        (BytesIO("姓名,手机\n张三,1".encode()), "table_no_header"),
        (BytesIO("编号,名称\n,\n".encode()), "table_empty"),
    ],
)
def test_files_that_are_no_table(db, file, code):
    with pytest.raises(Refused, match=code):
        read_lines(file)


def test_a_refusal_half_way_leaves_nothing(tree):
    """The second row would put an organization under itself."""
    file = sheet(["N1", "示例新支部", "党支部", "SOFT"], ["SOFT", "示例更名", "党支部", "N1"])
    with pytest.raises(Refused, match="into_itself"):
        applied(file)
    assert not Organization.objects.filter(code="N1").exists()
    assert not OrganizationChange.objects.filter(kind=ChangeKind.RENAMED).exists()


def test_a_ring_of_new_ones_is_refused(tree):
    file = sheet(["N1", "示例一支部", "党支部", "N2"], ["N2", "示例二支部", "党支部", "N1"])
    with pytest.raises(Refused, match="cell_unknown"):
        applied(file)


def test_what_changed_since_the_preview_is_refused(tree):
    lines = read_lines(sheet(["BIO", "示例更名", "党支部", "PARK-B"]))
    shown = summary(judge_lines(lines))
    dissolve(organization=tree.bio, on=OrganizationChange.objects.first().effective_on, actor=None)
    with pytest.raises(Refused, match="table_changed_since"):
        apply_lines(lines=lines, shown=shown, actor=None)


def test_judging_does_not_grow(tree):
    def measured(rows):
        file = sheet(*[[row.code, "新名", "党支部", "PARK-B"] for row in rows])
        with CaptureQueriesContext(connection) as queries:
            assert len(outcomes(file)) == len(rows)
        return len(queries)

    few = measured(branches(tree.park_b, 2))
    assert measured(branches(tree.park_b, 40)) == few


# --- The page --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def send(admin, django_capture_on_commit_callbacks):
    """Send a table, or a deed of its page, and let the queue do its work; returns the page after it."""

    def post(file=None, *, to=URL, do="apply"):
        data = {"do": do} if file is None else {"file": SimpleUploadedFile("党组织.xlsx", file.getvalue())}
        with django_capture_on_commit_callbacks(execute=True):
            answer = admin.post(to, data)
        return admin.get(answer["Location"]) if answer.status_code == 302 else answer

    return post


def test_the_page_previews_and_applies_once(send, tree):
    page = send(sheet(["SOFT", "示例更名支部", "党支部", "PARK-A"]))
    assert page.context["counts"] == {"error": 0, "new": 0, "changed": 1, "unchanged": 0}
    assert "示例更名支部" in page.content.decode()
    assert Organization.objects.get(code="SOFT").name != "示例更名支部"
    received = OrganizationImport.objects.get()
    here = reverse("organizations:import_one", args=[received.pk])
    done = send(to=here)
    assert done.context["received"].status == Status.APPLIED
    assert Organization.objects.get(code="SOFT").name == "示例更名支部"
    [change] = OrganizationChange.objects.filter(kind=ChangeKind.RENAMED)
    assert "党组织.xlsx" in change.reason
    # Confirmed twice, from an old tab, or given out twice by the queue: once.
    send(to=here)
    steps.apply_table(received=received, actor=done.wsgi_request.user)
    assert OrganizationChange.objects.filter(kind=ChangeKind.RENAMED).count() == 1
    assert Job.objects.filter(status="done").count() == 2


def test_what_was_sent_before_is_listed(send, admin, tree):
    send(sheet(["SOFT", "示例更名支部", "党支部", "PARK-A"]))
    assert "党组织.xlsx" in admin.get(URL).content.decode()


def test_with_an_error_nothing_can_be_confirmed(send, admin, tree):
    page = send(sheet(["SOFT", "示例更名", "城堡", ""], ["MAKE", "示例更名", "", ""]))
    assert page.context["counts"]["error"] == 1
    assert not page.context["can_apply"]
    assert "城堡" in page.content.decode()
    here = page.wsgi_request.path
    refused = send(to=here)
    assert str(rules.NOT_APPLICABLE) in refused.content.decode()
    assert OrganizationImport.objects.get().status == Status.READY
    send(to=here, do="discard")
    received = OrganizationImport.objects.get()
    assert (received.status, received.words, received.file.name) == (Status.DISCARDED, [], "")


def test_a_file_that_cannot_be_read_ends_in_a_sentence(send, tree):
    page = send(BytesIO("姓名,手机\n张三,1".encode()))
    assert page.context["received"].status == Status.FAILED
    assert str(rules.NO_HEADER) in page.content.decode()


def test_what_changed_since_is_shown_anew(send, tree):
    page = send(sheet(["BIO", "示例更名", "党支部", "PARK-B"]))
    dissolve(organization=tree.bio, on=OrganizationChange.objects.first().effective_on, actor=None)
    after = send(to=page.wsgi_request.path)
    received = after.context["received"]
    assert received.status == Status.READY
    assert str(rules.CHANGED_SINCE)[:20] in received.error
    assert after.context["counts"]["error"] == 1


def test_what_lost_its_worker_is_begun_again(send, admin, tree):
    """Its job was cancelled, or given up after three killed workers."""
    page = send(sheet(["SOFT", "示例更名支部", "党支部", "PARK-A"]))
    here = page.wsgi_request.path
    OrganizationImport.objects.update(status=Status.READING, counts={}, lines=[], shown=[], words=[])
    Job.objects.update(status="cancelled", message="")
    page = admin.get(here)
    assert page.context["is_stuck"]
    assert 'value="again"' in page.content.decode()
    assert send(to=here, do="again").context["can_apply"]
    OrganizationImport.objects.update(status=Status.APPLYING)
    assert 'value="apply"' in admin.get(here).content.decode()
    assert send(to=here).context["received"].status == Status.APPLIED


def test_the_page_waits_while_there_is_work(admin, zhao, tree):
    received = steps.receive_table(file=sheet(["SOFT", "名", "党支部", ""]), actor=zhao, name="x/党组织.xlsx")
    assert received.file_name == "党组织.xlsx"
    job = begin(kind=JUDGE_ORGANIZATIONS, owner=zhao, title="党组织.xlsx", parameters={"import": received.pk})
    Job.objects.filter(pk=job.pk).update(status="running", done=500, whole=1000)
    page = admin.get(reverse("organizations:import_one", args=[received.pk])).content.decode()
    assert 'id="table-at-work" data-again' in page
    assert 'value="50"' in page


def test_progress_is_told_while_a_table_is_read(tree, zhao):
    told = []

    class Told:
        def step(self, done, whole):
            told.append((done, whole))

    rows = [[f"N{number}", f"示例第{number}支部", "党支部", "PARK-B"] for number in range(1200)]
    received = steps.receive_table(file=sheet(*rows), actor=zhao, name="many.xlsx")
    steps.judge_table(received=received, progress=Told())
    assert told == [(500, 1201), (1000, 1201)]
    assert received.counts["new"] == 1200
    # Judged a second time by another worker: harmless.
    assert steps.judge_table(received=received).counts["new"] == 1200


def test_somebody_who_lost_the_role_has_nothing_applied(send, tree, zhao, li):
    page = send(sheet(["SOFT", "示例更名支部", "党支部", "PARK-A"]))
    received = page.context["received"]
    with pytest.raises(Refused):
        begin(kind=APPLY_ORGANIZATIONS, owner=li, title="x", parameters={"import": received.pk})


def test_the_export_comes_as_a_file(admin, tree):
    for name, ending in (("organizations:table", ".xlsx"), ("organizations:table_csv", ".csv")):
        answer = admin.get(reverse(name))
        assert answer["Content-Disposition"].endswith(ending)
        assert outcomes(BytesIO(answer.content)) == [("unchanged", [])] * 6


@pytest.mark.parametrize("who", ["li", "chen", "zhou", "outsider"])
def test_only_administrators(client, sign_in, everyone, tree, who):
    client = sign_in(client, everyone[who])
    assert client.get(URL).status_code in {302, 403}
    assert client.get(reverse("organizations:table")).status_code in {302, 403}
    received = OrganizationImport.objects.create(file_name="x.xlsx", status="failed")
    assert client.get(reverse("organizations:import_one", args=[received.pk])).status_code in {302, 403}


# --- The field and what is wrong with a file --------------------------------------------------------


HOSTILE = {
    "a bomb": {"add": {"xl/media/huge.bin": b"\x00" * (32 * 1024 * 1024)}},
    "macros": {"add": {"xl/vbaProject.bin": b"x"}},
    "entities": {
        "replace": {"xl/worksheets/sheet1.xml": (b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet')}
    },
}


@pytest.mark.parametrize("kind", [*HOSTILE, "no spreadsheet", "no header", "no rows", "empty"])
def test_a_bad_file_ends_in_one_sentence_and_nothing_is_kept_of_it(admin, tree, kind):
    good = sheet(["N1", "中共示例支部委员会", "党支部", "PARK-A"])
    content = {
        "no spreadsheet": b"\x89PNG not a table",
        "no header": sheet(["甲", "乙"], heads=["一", "二"]).getvalue(),
        "no rows": sheet().getvalue(),
        "empty": b"",
    }.get(kind)
    if content is None:
        content = repacked(good, **HOSTILE[kind]).getvalue()
    answer = admin.post(URL, {"file": SimpleUploadedFile("组织.xlsx", content)})
    if kind == "empty":
        [told] = answer.context["form"].errors["file"]
    else:
        received = steps.judge_table(received=OrganizationImport.objects.get())
        assert (received.status, received.lines, received.counts) == (Status.FAILED, [], {})
        told = received.error
        page = admin.get(reverse("organizations:import_one", args=[received.pk])).content.decode()
        assert told in page
    assert told.count("。") == 1
    assert "\n" not in told
    assert "Error" not in told


def test_the_field_is_ours_and_says_no_word_of_the_browsers(admin):
    text = admin.get(URL).content.decode()
    assert 'class="file-drop"' in text
    assert "file-drop-input" in text
    assert "选择文件" in text


def test_without_a_file_and_with_one_too_large_one_sentence_is_said(admin, monkeypatch):
    missing = admin.post(URL, {})
    assert missing.context["form"].errors["file"] == ["请先选择要上传的组织信息表。"]
    monkeypatch.setattr("enrollment.viewsets.organization_import.MAX_BYTES", 1024 * 1024)
    large = admin.post(URL, {"file": SimpleUploadedFile("组织.xlsx", b"x" * (1024 * 1024 + 1))})
    [sentence] = large.context["form"].errors["file"]
    assert "1 MB" in sentence or "1MB" in sentence
    assert not OrganizationImport.objects.exists()
