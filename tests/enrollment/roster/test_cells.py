"""What cells say: many spellings, one meaning."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.roster import (
    Fault,
    plain,
    read_birth,
    read_date,
    read_education,
    read_ethnicity,
    read_gender,
    read_identity,
    read_name,
    read_phone,
    read_post,
    read_status,
)
from enrollment.rules.roster.cells import read_joined

TODAY = dt.date(2026, 11, 22)
FULL_WIDTH = str.maketrans("0123456789.-/", "０１２３４５６７８９．－／")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("何　超", "何超"),
        (" 马华刚 ", "马华刚"),
        ("买买提·朱杰", "买买提·朱杰"),
        ("买买提•朱杰", "买买提·朱杰"),
        ("买买提．朱杰", "买买提·朱杰"),
        ("买买提 . 朱杰", "买买提·朱杰"),
        ("买买提・朱杰", "买买提·朱杰"),
        ("John  Smith", "John Smith"),
        ("张三\u200b", "张三"),
        ("张三（女）", "张三"),
        ("*李四", "李四"),
    ],
)
def test_names_are_written_in_one_way(raw, name):
    assert read_name(raw).value == name


@pytest.mark.parametrize("raw", [None, "", "  ", "　", "无", "-"])
def test_a_missing_name_is_named_so(raw):
    assert read_name(raw).fault is Fault.NAME_MISSING


@pytest.mark.parametrize("raw", ["123", "300人", 42, "·", "？"])
def test_what_is_no_name_is_refused(raw):
    assert read_name(raw).fault is Fault.NAME_UNREADABLE


@pytest.mark.parametrize(
    "raw",
    [
        "13181590830", 13181590830, 13181590830.0, "１３１８１５９０８３０", "131-8159-0830", "131 8159 0830",
        "+86 13181590830", "+8613181590830", "008613181590830", "8613181590830", "(131)81590830",
        "131—8159—0830",
    ],
)  # fmt: skip
def test_a_phone_is_read_in_every_dress(raw):
    assert read_phone(raw).value == "13181590830"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("1511440242", Fault.PHONE_TOO_SHORT),
        (151144024, Fault.PHONE_TOO_SHORT),
        ("131815908301", Fault.PHONE_TOO_LONG),
        ("13181590830/18030824628", Fault.PHONE_NOT_DIGITS),
        ("12345678901", Fault.PHONE_NOT_MOBILE),
        ("0531-88886666", Fault.PHONE_TOO_LONG),
        ("找张三", Fault.PHONE_NOT_DIGITS),
        ("1.31816E+10", Fault.PHONE_ROUNDED),
    ],
)
def test_a_wrong_phone_says_how_it_is_wrong(raw, fault):
    reading = read_phone(raw)
    assert reading.value is None
    if raw == "0531-88886666":
        assert reading.fault in (Fault.PHONE_TOO_LONG, Fault.PHONE_NOT_MOBILE)
    else:
        assert reading.fault is fault


@pytest.mark.parametrize("raw", [None, "", "无", "138****1234", "/"])
def test_an_empty_or_masked_phone_tells_nothing(raw):
    assert read_phone(raw).value is None
    assert read_phone(raw).fault is None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.booleans(), st.sampled_from(["", "-", " ", "—"]))
def test_any_mobile_number_survives_its_dress(number, full_width, gap):
    text = f"{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}"
    assert read_phone(text.translate(FULL_WIDTH) if full_width else text).value == number


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("19941004", "1994-10-04"),
        (19941004, "1994-10-04"),
        ("2018/6/4", "2018-06-04"),
        ("1976年9月", "1976-09"),
        ("1976 年 9 月 3 日", "1976-09-03"),
        ("２０２５.０９", "2025-09"),
        ("2016.10", "2016-10"),
        ("2016.1", "2016-01"),
        (2016.01, "2016-01"),
        (2016.12, "2016-12"),
        ("2016。", None),
        ("201610", "2016-10"),
        (201610, "2016-10"),
        (dt.datetime(1965, 4, 3), "1965-04-03"),
        (dt.date(1965, 4, 3), "1965-04-03"),
        ("1965-04-03 00:00:00", "1965-04-03"),
        (36526, "2000-01-01"),
        ("36526", "2000-01-01"),
        (36526.5, "2000-01-01"),
        ("二〇〇五年三月", "2005-03"),
        ("一九七六年十二月三十一日", "1976-12-31"),
        ("2005-03-", None),
        ("1985年02月", "1985-02"),
        ("1985.2.29.", None),
    ],
)
def test_dates_of_many_forms(raw, value):
    assert read_date(raw).value == value


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("1985年13月", Fault.IMPOSSIBLE_DATE),
        ("19850230", Fault.IMPOSSIBLE_DATE),
        ("1985-02-30", Fault.IMPOSSIBLE_DATE),
        ("1985-00-10", Fault.IMPOSSIBLE_DATE),
        ("1285-01-10", Fault.IMPOSSIBLE_DATE),
        ("1985", Fault.INCOMPLETE_DATE),
        (1985, Fault.INCOMPLETE_DATE),
        ("去年", Fault.UNREADABLE_DATE),
        ("85.06", Fault.UNREADABLE_DATE),
        (2016.1, Fault.AMBIGUOUS_DATE),
        (-5, Fault.UNREADABLE_DATE),
        (float("1e18"), Fault.UNREADABLE_DATE),
    ],
)
def test_dates_that_cannot_be(raw, fault):
    assert read_date(raw).fault is fault


@given(
    st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%d 00:00:00"]),
    st.booleans(),
)
def test_every_day_is_read_in_every_form(day, form, full_width):
    text = day.strftime(form)
    assert read_date(text.translate(FULL_WIDTH) if full_width else text).value == day.isoformat()
    assert read_date(day).value == day.isoformat()


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.datetimes()))
def test_no_cell_breaks_a_reader(raw):
    for reader in (
        read_name, read_phone, read_date, read_gender, read_ethnicity, read_education, read_status, read_post,
        read_identity, lambda cell: read_birth(cell, TODAY), lambda cell: read_joined(cell, TODAY),
    ):  # fmt: skip
        reading = reader(raw)
        assert reading.value is None or reading.fault is None


def test_the_future_is_refused():
    assert read_birth("2035.01", TODAY).fault is Fault.BORN_IN_FUTURE
    assert read_joined("2035.01", TODAY).fault is Fault.JOINED_IN_FUTURE
    assert read_joined("2026-11-23", TODAY).fault is Fault.JOINED_IN_FUTURE
    assert read_joined("2026-11-22", TODAY).value == "2026-11-22"
    assert read_joined("2026.11", TODAY).value == "2026-11"
    assert read_joined("2026.12", TODAY).fault is Fault.JOINED_IN_FUTURE


@pytest.mark.parametrize(
    ("raw", "post"),
    [
        ("书记", "secretary"),
        ("党支部书记", "secretary"),
        ("支部委员会书记", "secretary"),
        ("副书记", "deputy_secretary"),
        ("党总支副书记", "deputy_secretary"),
        ("组织委员", "organization_member"),
        ("纪检委员", "discipline_member"),
        ("支部委员", "committee_member"),
        ("党务工作者", "affairs_worker"),
        ("书记、宣传委员", "secretary"),
        ("组织委员兼宣传委员", "organization_member"),
        ("无", "member"),
        (None, "member"),
        ("", "member"),
        ("普通党员", "member"),
    ],
)
def test_posts(raw, post):
    assert read_post(raw).value == post


def test_small_vocabularies():
    assert read_post("董事长").fault is Fault.UNKNOWN_POST
    assert read_ethnicity("汉").value == read_ethnicity("汉族").value == "汉族"
    assert read_ethnicity("穿青人").value == "穿青人"
    assert read_education("大学").value == read_education("本科学历").value == "本科"
    assert read_gender("女性").value == "f"
    assert read_gender("X").fault is Fault.UNKNOWN_GENDER
    assert read_status("预备党员").value == "probationary"
    assert read_status("团员").fault is Fault.UNKNOWN_STATUS


def test_identity_numbers_are_checked_to_the_last_character():
    assert read_identity("11010519491231002X").value == "11010519491231002X"
    assert read_identity("11010519491231002x").value == "11010519491231002X"
    assert read_identity("110105194912310021").fault is Fault.IDENTITY_INVALID
    assert read_identity("1101051949").fault is Fault.IDENTITY_INVALID
    assert read_identity("**************002X").value is None
    assert read_identity("").fault is None


@given(st.text())
def test_plain_text_is_stable(text):
    if not plain(text).startswith("'"):
        assert plain(plain(text)) == plain(text)


def test_the_apostrophe_of_an_export_is_taken_off_again():
    assert plain("'=1+1") == "=1+1"
    assert plain("'-") == "-"
    assert plain("'quoted'") == "'quoted'"
