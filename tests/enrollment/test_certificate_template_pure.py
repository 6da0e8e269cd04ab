"""What a certificate template may say: decided without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.certificate_template import PLACEHOLDERS, Draft, Part, filled, mistakes
from enrollment.rules.codes import ALPHABET, masked_name, new_code, plain

GOOD = Draft(
    "结业证书", "{姓名} 同志参加“{培训班}”学习，准予结业。", "{二维码}\n证书编号：{编号}", "示例学院"
)


def codes(**changes):
    return {reason.code for reason in mistakes(Draft(**{**GOOD.__dict__, **changes}))}


def test_a_whole_template_has_no_mistake():
    assert mistakes(GOOD) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "template_title_missing"),
        ({"signatory": ""}, "template_signatory_missing"),
        ({"footer": "{二维码}"}, "template_number_missing"),
        ({"footer": "{编号}"}, "template_qr_missing"),
        ({"footer": "{编号}{二维码}{二维码}"}, "template_qr_twice"),
        ({"body": "{姓名}{二维码}"}, "template_qr_in_text"),
        ({"body": "准予结业。"}, "template_name_missing"),
        ({"body": "{姓名}{身份证号}"}, "template_unknown_placeholder"),
        ({"body": "{姓名}{name}"}, "template_unknown_placeholder"),
        ({"title": "{姓名}"}, "template_unknown_placeholder"),
        ({"signatory": "{编号}"}, "template_unknown_placeholder"),
        ({"body": "{姓名}{培训班"}, "template_brace"),
        ({"body": "{姓名}}"}, "template_brace"),
        ({"body": "{姓名}" + "字" * 300}, "template_too_long"),
    ],
)
def test_each_mistake_is_named(changes, code):
    assert codes(**changes) == {code}


def test_a_reason_names_field_placeholder_and_what_there_is():
    [reason] = mistakes(Draft("结业证书", "{姓名}{身份证号}", GOOD.footer, "示例学院"))
    assert reason.field == "body"
    assert "{身份证号}" in str(reason)
    assert "{培训班}" in str(reason)


def test_filling():
    values = {key: f"<{key}>" for key in PLACEHOLDERS.values()}
    assert filled("甲{姓名}乙{二维码}", values) == [
        Part("甲"),
        Part("<name>", is_name=True),
        Part("乙"),
        Part("", is_qr=True),
    ]


def test_quotation_marks_inside_quotation_marks_are_single():
    parts = filled("“{培训班}”", {"class": "“两新”书记班"})
    assert "".join(part.text for part in parts) == "“‘两新’书记班”"


@given(st.text(alphabet="甲{}姓名编号二维码 ", max_size=40), st.text(alphabet="乙{}编号二维码", max_size=30))
def test_whatever_is_accepted_can_be_filled(body, footer):
    draft = Draft("结业证书", body, footer, "示例学院")
    if mistakes(draft):
        return
    values = dict.fromkeys(PLACEHOLDERS.values(), "值")
    text = "".join(part.text for part in filled(draft.body, values) + filled(draft.footer, values))
    assert "{" not in text
    assert "}" not in text


def test_codes_are_typed_as_people_type():
    code = new_code()
    assert len(code) == 16
    assert set(code) <= set(ALPHABET)
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]}\n"
    assert plain(typed) == code


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("张学员", "张*员"), ("欧阳学员", "欧**员"), ("张", "*")]
)
def test_masked_names(name, masked):
    assert masked_name(name) == masked
