"""Reading sheets: headers under titles, rows that are no people, and files that mean harm."""

import io
import zipfile

import openpyxl
import pytest

from cms.refusals import Refused
from enrollment.roster import guard, reader
from enrollment.roster.reader import open_roster
from enrollment.rules.roster import Column
from tests.enrollment.roster.sheets import HEADER, SOFT, person, repacked, workbook


def rows_of(file):
    with open_roster(file) as sheet:
        return list(sheet.rows)


def names_of(file):
    return [row.cells[Column.NAME] for row in rows_of(file)]


def refusal_of(file):
    with pytest.raises(Refused) as refused:
        rows_of(file)
    return refused.value.code


def csv_file(text, encoding="utf-8"):
    return io.BytesIO(text.encode(encoding))


CSV = "某某党委党员花名册,,\n姓名,手机号,所在党组织\n何　超,13900000001,示例支部\n,,\n合计,1人,\n"


def test_the_header_stands_under_titles_and_notes():
    file = workbook(
        [["填报单位:示例"], HEADER, person("张三"), person("李四")], title="党员花名册", header=None
    )
    with open_roster(file) as sheet:
        assert sheet.header.row == 3
        assert [row.number for row in sheet.rows] == [4, 5]


def test_columns_are_known_by_their_synonyms_in_any_order():
    file = workbook(
        [["13900000001", "示例支部", "张三", "1985.05", "支部书记", "无关"]],
        header=["联系电话", "所属党支部", "党员姓名*", "出生日期(年月)", "现任党内职务", "血型"],
    )
    [row] = rows_of(file)
    assert row.cells == {
        Column.PHONE: "13900000001",
        Column.ORGANIZATION: "示例支部",
        Column.NAME: "张三",
        Column.BORN: "1985.05",
        Column.POST: "支部书记",
    }


def test_a_header_of_two_lines_is_read_as_one():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", "基本信息", None, "手机号"])
    sheet.append([None, "性别", "出生年月", None])
    sheet.append(["张三", "男", "1985.05", "13900000001"])
    file = io.BytesIO()
    book.save(file)
    [row] = rows_of(file)
    assert row.cells[Column.BORN] == "1985.05"
    assert row.cells[Column.PHONE] == "13900000001"


@pytest.mark.parametrize(
    "footer",
    [
        ["合计", "2人"],
        ["小计:", None, "2"],
        [None, "共 2 人"],
        ["填表人:王某", None, None, None, "填表日期:2026年1月"],
        ["注:本表一式两份"],
        [3, None],
        [None] * 11,
        HEADER,
    ],
)
def test_rows_that_are_no_people_are_passed_over(footer):
    file = workbook([person("张三"), footer, person("李四", "13900000002")])
    assert names_of(file) == ["张三", "李四"]


def test_a_number_and_a_name_are_a_person():
    assert names_of(workbook([[5, "张三"]])) == ["张三"]


def test_a_person_named_like_a_footer_is_a_person():
    assert names_of(workbook([person("注意")])) == ["注意"]


def test_a_merged_organization_holds_for_every_row_it_spans():
    rows = [person("张三"), person("李四", organization=None), person("王五", organization=None)]
    file = workbook([*rows, person("赵六", organization=None)], merge=["H2:H4"])
    assert [row.cells[Column.ORGANIZATION] for row in rows_of(file)] == [SOFT, SOFT, SOFT, None]


def test_a_merged_title_does_not_reach_into_the_rows():
    file = workbook([person("张三", organization=None)], title="某党委", merge=["A1:K1"])
    assert rows_of(file)[0].cells[Column.ORGANIZATION] is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_the_usual_encodings(encoding):
    assert names_of(csv_file(CSV, encoding)) == ["何　超"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_the_usual_delimiters(delimiter):
    assert names_of(csv_file(CSV.replace(",", delimiter))) == ["何　超"]


def test_only_the_first_sheet_with_a_header_is_read_and_that_is_said():
    book = openpyxl.Workbook()
    book.active.append(["说明"])
    for name in ("甲", "乙"):
        sheet = book.create_sheet(name)
        sheet.append(["姓名", "手机号"])
        sheet.append([name, "13900000001"])
    file = io.BytesIO()
    book.save(file)
    with open_roster(file) as sheet:
        assert sheet.title == "甲"
        assert sheet.notes == ["other_sheets"]
        assert [row.cells[Column.NAME] for row in sheet.rows] == ["甲"]


# --- Hostile and broken files --------------------------------------------------------------------


def test_an_empty_file():
    assert refusal_of(io.BytesIO()) == "roster_empty"


def test_a_file_that_is_too_large():
    assert refusal_of(io.BytesIO(b"x" * (guard.MAX_BYTES + 1))) == "roster_too_large"


def test_a_picture_is_no_spreadsheet():
    assert refusal_of(io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100)) == "roster_not_a_spreadsheet"


def test_an_old_or_encrypted_workbook():
    assert (
        refusal_of(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600))
        == "roster_old_or_encrypted"
    )


def test_a_damaged_workbook():
    whole = workbook([person()]).getvalue()
    assert refusal_of(io.BytesIO(whole[: len(whole) // 2])) == "roster_broken"


def test_a_zip_that_is_no_workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert refusal_of(file) == "roster_not_a_spreadsheet"


def test_a_zip_bomb_is_refused_by_its_directory_alone():
    file = repacked(workbook([person()]), add={"xl/media/huge.bin": b"\x00" * (64 * 1024 * 1024)})
    assert len(file.getvalue()) < 200_000
    assert refusal_of(file) == "roster_packed_too_tightly"


def test_too_many_members():
    file = repacked(workbook([person()]), add={f"xl/x{n}.bin": b"" for n in range(guard.MAX_ENTRIES)})
    assert refusal_of(file) == "roster_packed_too_tightly"


def test_macros_are_refused():
    assert refusal_of(repacked(workbook([person()]), add={"xl/vbaProject.bin": b"x"})) == "roster_macros"


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">',
    ],
)
def test_document_types_are_refused_wherever_they_stand(member, declaration):
    file = workbook([person()])
    root = {
        "xl/worksheets/sheet1.xml": b"<worksheet",
        "xl/workbook.xml": b"<workbook",
        "[Content_Types].xml": b"<Types",
    }[member]
    hostile = repacked(file, replace={member: (root, declaration + root)})
    assert refusal_of(hostile) == "roster_external_entities"


def test_a_formula_with_a_stored_result_is_read_by_its_result():
    file = workbook([person("张三", "=CONCATENATE(139,00000001)")])
    file = repacked(
        file,
        replace={"xl/worksheets/sheet1.xml": (b"00000001)</f><v />", b"00000001)</f><v>13900000001</v>")},
    )
    with open_roster(file) as sheet:
        assert sheet.notes == ["formulas"]
        [row] = list(sheet.rows)
    assert row.cells[Column.PHONE] == 13900000001
    assert not row.without_value


def test_a_formula_that_was_never_calculated_is_marked():
    [row] = rows_of(workbook([person("张三", '=HYPERLINK("http://example.invalid","x")')]))
    assert row.without_value == {Column.PHONE}


def test_a_sheet_without_a_header():
    assert refusal_of(workbook([["一", "二"], ["三", "四"]], header=None)) == "roster_no_header"


def test_too_many_people(monkeypatch):
    monkeypatch.setattr(reader, "MAX_ROWS", 3)
    assert refusal_of(workbook([person(f"张{n}") for n in "一二三四"])) == "roster_too_many_rows"


def test_a_sheet_that_claims_the_last_row_and_column_is_read_in_bounds():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", "手机号"])
    sheet.append(["张三", "13900000001"])
    sheet["XFD2"] = "far"
    sheet["A1000000"] = "合计"
    file = io.BytesIO()
    book.save(file)
    assert names_of(file) == ["张三"]
