"""Importing a roster on the workbench, step by step."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape

from enrollment.actions import roster
from enrollment.actions.people import admit, amend
from enrollment.actions.roster_undo import begin_undoing
from enrollment.models import RosterColumns, RosterImport, Trainee
from enrollment.roster import messages
from enrollment.rules.roster.mapping import Lack
from tests.enrollment.roster.sheets import SOFT, person, workbook

pytestmark = pytest.mark.django_db
Status = RosterImport.Status
MAKE = "中共示例制造有限公司支部委员会"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk(sign_in, li):
    """李干事 at the workbench."""
    return sign_in(user=li)


def upload(client, rows, capture, name="花名册.xlsx", data=None):
    content = data if data is not None else workbook(rows).getvalue()
    with capture(execute=True):
        response = client.post(
            reverse("portal:workbench_imports"), {"file": SimpleUploadedFile(name, content)}
        )
    return response


def test_upload_preview_confirm_result(desk, django_capture_on_commit_callbacks):
    rows = [person("张三"), person("李四", "1390000000"), person("王五", "13900000002", organization=MAKE)]
    response = upload(desk, rows, django_capture_on_commit_callbacks)
    roster_import = RosterImport.objects.get()
    url = reverse("portal:workbench_import", args=[roster_import.pk])
    assert response["Location"] == url

    preview = desk.get(url)
    assert preview.context["counts"]["errors"] == 2
    assert preview.context["outcome"] == "error"
    assert "1390000000" in preview.content.decode()
    assert Trainee.objects.filter(name="张三").count() == 0
    new = desk.get(url, {"verdict": "new"})
    assert [row["name"] for row in new.context["rows"]] == ["张三"]
    assert "139****0001" in new.content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("portal:workbench_import_apply", args=[roster_import.pk]))
    result = desk.get(url)
    assert result.context["applied"] == {"new": 1, "changed": 0, "left": 0}
    assert Trainee.objects.filter(name="张三").count() == 1

    # Confirming twice, from an old tab, changes nothing.
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("portal:workbench_import_apply", args=[roster_import.pk]))
    assert Trainee.objects.filter(name="张三").count() == 1


def test_the_page_waits_while_the_roster_is_read(desk, li, tree):
    received = roster.receive_roster(file=workbook([person()]), organization=None, actor=li)
    assert "hx-trigger" in desk.get(reverse("portal:workbench_import", args=[received.pk])).content.decode()
    status = reverse("portal:workbench_import_status", args=[received.pk])
    RosterImport.objects.filter(pk=received.pk).update(verdict={"progress": 3000})
    assert "3000" in desk.get(status).content.decode().replace(",", "")
    RosterImport.objects.filter(pk=received.pk).update(verdict={})
    received.refresh_from_db()
    roster.judge_roster(roster_import=received)
    done = desk.get(status)
    assert done.status_code == 204
    assert done["HX-Redirect"] == reverse("portal:workbench_import", args=[received.pk])


def test_changes_are_shown_in_words(desk, tree, django_capture_on_commit_callbacks):
    roster.import_file(workbook([person("张三", post="书记")]))
    upload(desk, [person("张三", post="宣传委员")], django_capture_on_commit_callbacks)
    page = desk.get(reverse("portal:workbench_import", args=[RosterImport.objects.first().pk]))
    [row] = page.context["rows"]
    [change] = row["changes"]
    assert change["old"] != "secretary"
    assert change["new"] not in ("publicity_member", "—")


def test_the_rows_to_correct(desk, django_capture_on_commit_callbacks):
    upload(
        desk, [person("=1+1"), person("李四", "1390000000", note="@x")], django_capture_on_commit_callbacks
    )
    roster_import = RosterImport.objects.get()
    response = desk.get(reverse("portal:workbench_import_corrections", args=[roster_import.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert "'@x" in cells
    assert not [cell for cell in cells if cell[0] in "=+-@"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.xlsx", b"PK\x03\x04broken"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 64),
        ("x.csv", b"a,b"),
    ],
)
def test_a_file_that_cannot_be_read_ends_in_a_sentence(
    name, content, desk, django_capture_on_commit_callbacks
):
    upload(desk, None, django_capture_on_commit_callbacks, name=name, data=content)
    roster_import = RosterImport.objects.get()
    assert roster_import.status == Status.FAILED
    page = desk.get(reverse("portal:workbench_import", args=[roster_import.pk])).content.decode()
    assert escape(roster_import.error) in page


def test_an_empty_upload_is_refused_in_the_form(desk, tree):
    response = desk.post(reverse("portal:workbench_imports"), {"file": SimpleUploadedFile("x.csv", b"")})
    assert response.status_code == 422
    assert response.context["form"].errors["file"]
    assert not RosterImport.objects.exists()


def test_discarding(desk, django_capture_on_commit_callbacks):
    upload(desk, [person()], django_capture_on_commit_callbacks)
    roster_import = RosterImport.objects.get()
    desk.post(reverse("portal:workbench_import_discard", args=[roster_import.pk]))
    roster_import.refresh_from_db()
    assert roster_import.status == Status.DISCARDED
    desk.post(reverse("portal:workbench_import_apply", args=[roster_import.pk]))
    assert not Trainee.objects.filter(name="张三").exists()


def test_others_do_not_see_the_import(desk, li, tree, sign_in, django_capture_on_commit_callbacks):
    from enrollment.actions.roles import grant_role
    from enrollment.models import Role, User

    upload(desk, [person()], django_capture_on_commit_callbacks)
    roster_import = RosterImport.objects.get()
    other = User.objects.create_user("other", name="别处")
    grant_role(user=other, role=Role.AFFAIRS_WORKER, organization=tree.bio)
    client = sign_in(user=other)
    for name in ("workbench_import", "workbench_import_status", "workbench_import_corrections"):
        assert client.get(reverse(f"portal:{name}", args=[roster_import.pk])).status_code == 404
    for name in ("workbench_import_apply", "workbench_import_discard"):
        assert client.post(reverse(f"portal:{name}", args=[roster_import.pk])).status_code == 404
    roster_import.refresh_from_db()
    assert roster_import.status == Status.READY


def test_the_preview_costs_the_same_for_many_rows(
    desk, django_capture_on_commit_callbacks, django_assert_num_queries
):
    few = [person("张三")]
    many = [person(f"张{chr(0x4E00 + n)}", f"139000001{n:02}") for n in range(60)]
    for rows in (few, many):
        upload(desk, rows, django_capture_on_commit_callbacks)
        url = reverse("portal:workbench_import", args=[RosterImport.objects.order_by("-pk").first().pk])
        with django_assert_num_queries(5):
            desk.get(url)


def test_an_import_is_taken_back_after_a_look_at_what_that_does(
    desk, li, django_capture_on_commit_callbacks, django_assert_max_num_queries
):
    upload(
        desk,
        [person("张三"), person("李四", "13900000002"), person("王五", "13900000003")],
        django_capture_on_commit_callbacks,
    )
    pk = RosterImport.objects.get().pk
    page, undo = (reverse(f"portal:workbench_import{name}", args=[pk]) for name in ("", "_undo"))
    assert desk.get(undo, follow=True).redirect_chain[-1][0] == page
    assert undo not in desk.get(page).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("portal:workbench_import_apply", args=[pk]))
    assert f'href="{undo}"' in desk.get(page).content.decode()
    used = Trainee.objects.get(name="张三")
    amend(trainee=used, actor=li, education="本科")
    with django_assert_max_num_queries(25):
        preview = desk.get(undo)
    assert {name: preview.context[name] for name in ("removes", "restores", "stays")} == {
        "removes": 2,
        "restores": 0,
        "stays": 1,
    }
    assert "张三" in preview.content.decode()
    assert Trainee.objects.filter(name="李四").exists()

    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(undo)["Location"] == page
    result = desk.get(page)
    assert result.context["undone"] == {"removed": 2, "restored": 0, "returned": 0, "stayed": 1}
    assert [row["name"] for row in result.context["stayed"]] == ["张三"]
    assert list(Trainee.objects.filter(name__in=("张三", "李四", "王五"))) == [used]

    # From an old tab once more: nothing happens.
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(undo)
    assert Trainee.objects.filter(pk=used.pk).exists()


def test_the_page_waits_while_an_import_is_taken_back(desk, li, tree):
    done = roster.apply_roster(
        roster_import=roster.read_roster(file=workbook([person()]), organization=None, actor=li), actor=li
    )
    assert begin_undoing(roster_import=done)
    page = desk.get(reverse("portal:workbench_import", args=[done.pk])).content.decode()
    assert "hx-trigger" in page
    assert reverse("portal:workbench_import_undo", args=[done.pk]) in page


def test_nobody_takes_back_what_others_imported(sign_in, li, outsider, tree):
    done = roster.apply_roster(
        roster_import=roster.read_roster(file=workbook([person()]), organization=None, actor=li), actor=li
    )
    undo = reverse("portal:workbench_import_undo", args=[done.pk])
    assert sign_in(user=outsider).post(undo).status_code in (403, 404)
    done.refresh_from_db()
    assert done.status == Status.APPLIED


def test_who_is_not_in_the_file_is_shown_and_marked(desk, li, tree, django_capture_on_commit_callbacks):
    for name in ("张三", "李四"):
        admit(name=name, organization=tree.soft, actor=li)
    upload(desk, [person("张三")], django_capture_on_commit_callbacks)
    pk = RosterImport.objects.get().pk
    url, mark = (reverse(f"portal:workbench_import{name}", args=[pk]) for name in ("", "_mark"))
    page = desk.get(url, {"verdict": "missing"})
    shown = {row["name"]: row for row in page.context["rows"]}
    assert "李四" in shown
    assert "张三" not in shown
    assert not shown["李四"]["is_leaving"]
    one = shown["李四"]["trainee"]
    everybody = [row["trainee"] for row in shown.values()]
    for data, marked in (
        ({"shown": everybody, "leaving": [one]}, {one}),
        ({"everybody": "leave"}, set(everybody)),
        ({"everybody": "keep"}, set()),
        ({"shown": ["x", *everybody], "leaving": [one, "x"], "page": "y"}, {one}),
    ):
        assert desk.post(mark, data).status_code == 302
        assert set(RosterImport.objects.get().verdict["leaving"]) == marked
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("portal:workbench_import_apply", args=[pk]))
    assert Trainee.objects.get(pk=one).left_on is not None
    assert desk.get(url).context["applied"]["left"] == 1


def test_columns_are_told_on_the_page_and_forgotten(
    desk, li, zhang, client, django_capture_on_commit_callbacks
):
    sheet = workbook([["张三", SOFT, "13900000001"]], header=["人", "在哪", "怎么找"]).getvalue()
    upload(desk, (), django_capture_on_commit_callbacks, data=sheet)
    found = RosterImport.objects.get()
    url = reverse("portal:workbench_import", args=[found.pk])
    page = desk.get(url).content.decode()
    assert "怎么找" in page
    assert "139****0001" in page

    choose = reverse("portal:workbench_import_columns", args=[found.pk])
    short = desk.post(choose, {"column_1": "organization"})
    assert short.status_code == 422
    assert escape(str(messages.LACKS[Lack.NAME])) in short.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(choose, {"column_0": "name", "column_1": "organization", "column_2": "phone"})
    found.refresh_from_db()
    assert (found.status, found.verdict["counts"]["new"]) == (Status.READY, 1)
    assert escape("人、在哪、怎么找") in desk.get(reverse("portal:workbench_imports")).content.decode()

    remembered = RosterColumns.objects.get()
    forget = reverse("portal:workbench_import_forget", args=[remembered.pk])
    desk.post(forget)
    assert not RosterColumns.objects.exists()
    assert desk.post(forget).status_code == 404


def test_another_row_of_headings_is_looked_at(desk, django_capture_on_commit_callbacks):
    rows = [["甲栏", "乙栏", "丙栏", "丁栏"], ["人", "在哪", "怎么找"], ["张三", SOFT, "13900000001"]]
    upload(desk, (), django_capture_on_commit_callbacks, data=workbook(rows, header=None).getvalue())
    found = RosterImport.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("portal:workbench_import_row", args=[found.pk]), {"row": "2"})
    found.refresh_from_db()
    assert found.verdict["columns"][0]["title"] == "人"
    refused = desk.post(reverse("portal:workbench_import_row", args=[found.pk]), {"row": "99"}, follow=True)
    assert escape(str(messages.FILE["no_such_row"])) in refused.content.decode()


def test_columns_of_other_organizations_are_not_there(desk, tree, zhao):
    columns = RosterColumns.objects.create(organization=tree.zone, digest="x", told={"人": "name"})
    assert desk.post(reverse("portal:workbench_import_forget", args=[columns.pk])).status_code == 404
