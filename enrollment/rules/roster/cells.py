"""What one cell of a roster says, however it was typed.

Each reader takes a raw cell (text, number, date or nothing) and returns a ``Reading``: a value in the
academy's own form, or nothing when the cell is blank, or a ``Fault``. Dates are ISO texts, ``1985-05`` or
``1985-05-19``: the precision that the file has is kept.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """Why a row cannot be taken; the sentence of each is in ``enrollment.roster.messages``."""

    NAME_MISSING = "name_missing"
    NAME_UNREADABLE = "name_unreadable"
    TOO_LONG = "too_long"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_NOT_MOBILE = "phone_not_mobile"
    PHONE_NOT_DIGITS = "phone_not_digits"
    PHONE_ROUNDED = "phone_rounded"
    PHONE_USED_TWICE = "phone_used_twice"
    PHONE_OF_ANOTHER = "phone_of_another"
    IMPOSSIBLE_DATE = "impossible_date"
    UNREADABLE_DATE = "unreadable_date"
    INCOMPLETE_DATE = "incomplete_date"
    AMBIGUOUS_DATE = "ambiguous_date"
    BORN_IN_FUTURE = "born_in_future"
    JOINED_IN_FUTURE = "joined_in_future"
    JOINED_BEFORE_BORN = "joined_before_born"
    UNKNOWN_ORGANIZATION = "unknown_organization"
    AMBIGUOUS_ORGANIZATION = "ambiguous_organization"
    DISSOLVED_ORGANIZATION = "dissolved_organization"
    ORGANIZATION_MISSING = "organization_missing"
    UNKNOWN_POST = "unknown_post"
    UNKNOWN_GENDER = "unknown_gender"
    UNKNOWN_STATUS = "unknown_status"
    IDENTITY_INVALID = "identity_invalid"
    IDENTITY_USED_TWICE = "identity_used_twice"
    FORMULA_WITHOUT_VALUE = "formula_without_value"
    CELL_ERROR = "cell_error"
    CONTRADICTS_ROW = "contradicts_row"
    SEVERAL_MATCH = "several_match"
    PERSON_ELSEWHERE = "person_elsewhere"


@dataclass(frozen=True, slots=True)
class Reading:
    """A cell's value in the academy's form (``None``: the cell does not tell), or what is wrong with it."""

    value: str | None = None
    fault: Fault | None = None
    params: dict[str, str | int] = field(default_factory=dict)


BLANK = Reading()
EARLIEST_YEAR = 1900
#: What people write where they have nothing to write.
_NOTHING = frozenset(
    {"", "-", "--", "—", "——", "/", "\\", "无", "空", "不详", "未知", "none", "null", "n/a", "nan"}
)
_CJK = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇"
_DOTS = "·•．.‧∙⋅・･‧᛫●。"
_GAP = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_DOT = re.compile(rf"(?<=[{_CJK}])\s*[{re.escape(_DOTS)}]\s*(?=[{_CJK}])")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f]")


def plain(raw: object) -> str:
    """``raw`` as one line of plain text: half-width, no invisible characters, single spaces, trimmed."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return str(raw)
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        raw = int(raw)
    if isinstance(raw, dt.datetime):
        return raw.date().isoformat() if raw.time() == dt.time() else raw.isoformat(" ")
    text = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", str(raw))).split())
    # Our own exports put an apostrophe before what a spreadsheet program would take for a formula.
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def says_nothing(text: str) -> bool:
    """Whether a plain ``text`` stands for an empty cell."""
    return text.lower() in _NOTHING


# --- Names ---------------------------------------------------------------------------------------


def read_name(raw: object) -> Reading:
    """A name: 何　超 → 何超, 买买提•朱杰 → 买买提·朱杰; spaces between Latin letters stay."""
    text = plain(raw)
    if says_nothing(text):
        return Reading(fault=Fault.NAME_MISSING)
    text = _DOT.sub("·", _GAP.sub("", text))
    text = re.sub(r"[((](男|女|预备|流动|书记).*?[))]$", "", text).strip(" *")
    if not text or re.search(r"\d", text) or not re.search(r"[^\W\d_]", text):
        return Reading(fault=Fault.NAME_UNREADABLE, params={"value": text[:20]})
    return Reading(text)


# --- Phones --------------------------------------------------------------------------------------

_PHONE_NOISE = re.compile(r"[\s\-‐‑‒–—―－_.()·'’`]+")
_MASKED = re.compile(r"^1\d{2}\*{2,}\d{2,4}$")


def read_phone(raw: object) -> Reading:
    """A mainland mobile number as 11 digits. A masked one (138****1234) tells nothing."""
    text = plain(raw)
    if says_nothing(text):
        return BLANK
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        return Reading(fault=Fault.PHONE_ROUNDED, params={"value": text})
    digits = _PHONE_NOISE.sub("", text)
    if _MASKED.match(digits):
        return BLANK
    digits = re.sub(r"^(?:\+|00)?86(?=1\d{10}$)", "", digits)
    digits = re.sub(r"^(?:\+86|0086)", "", digits)
    if not digits.isascii() or not digits.isdigit():
        return Reading(fault=Fault.PHONE_NOT_DIGITS, params={"value": text[:20]})
    if len(digits) < 11:
        return Reading(fault=Fault.PHONE_TOO_SHORT, params={"value": digits, "digits": len(digits)})
    if len(digits) > 11:
        return Reading(fault=Fault.PHONE_TOO_LONG, params={"value": digits[:20], "digits": len(digits)})
    if not re.match(r"1[3-9]", digits):
        return Reading(fault=Fault.PHONE_NOT_MOBILE, params={"value": digits})
    return Reading(digits)


# --- Dates ---------------------------------------------------------------------------------------

_NUMERALS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {
    "○": "0",
    "零": "0",
    "O": "0",
    "o": "0",
}
_CHINESE_DATE = re.compile(
    r"([〇○零一二三四五六七八九]{4})年"
    r"(?:([一二三四五六七八九十]{1,3})月)?(?:([一二三四五六七八九十]{1,3})[日号])?"
)
_SEPARATED = re.compile(
    r"(\d{4})\s*[-/.,,、年\\]\s*(\d{1,2})(?:\s*[-/.,,、月\\]\s*(\d{1,2})\s*[日号]?)?\s*[月.]?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_TIME = re.compile(r"[\sT]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(上午|下午)?$")
_SERIAL_DAYS = range(10_000, 73_051)
#: Excel counts days from here (it believes that 1900 was a leap year, which no date after it notices).
_SERIAL_EPOCH = dt.date(1899, 12, 30)


def _numeral(text: str) -> str:
    """A Chinese number of a month or day, 十 to 三十一, in digits."""
    if "十" not in text:
        return _NUMERALS.get(text, text)
    tens, _, ones = text.partition("十")
    return f"{_NUMERALS.get(tens, '1') if tens else '1'}{_NUMERALS.get(ones, '0') if ones else '0'}"


def _in_digits(text: str) -> str:
    """``text`` with a date in Chinese numerals (二〇〇五年三月) rewritten in digits."""
    match = _CHINESE_DATE.fullmatch(text)
    if match is None:
        return text
    year, month, day = match.groups()
    return "-".join(
        ["".join(_NUMERALS[c] for c in year)] + [_numeral(part) for part in (month, day) if part is not None]
    )


def _date_of(year: str, month: str, day: str | None, text: str) -> Reading:
    """The date of these parts, or ``impossible_date``."""
    try:
        found = dt.date(int(year), int(month), int(day or 1))
    except ValueError:
        return Reading(fault=Fault.IMPOSSIBLE_DATE, params={"value": text})
    if found.year < EARLIEST_YEAR:
        return Reading(fault=Fault.IMPOSSIBLE_DATE, params={"value": text})
    return Reading(found.isoformat() if day else found.isoformat()[:7])


def _date_of_number(raw: int | float, text: str) -> Reading | None:
    """A date typed as a number: 20180604, 201806, or Excel's own day count."""
    if not abs(raw) < 1e9:
        return None
    if raw != int(raw) and EARLIEST_YEAR <= raw < 2200:
        decimals = text.partition(".")[2]
        if len(decimals) == 1:
            # The cell cannot tell 2016.1 from 2016.10: Excel drops the last zero of a number.
            return Reading(fault=Fault.AMBIGUOUS_DATE, params={"value": text, "year": text[:4]})
        return None
    if int(raw) in _SERIAL_DAYS:
        return Reading((_SERIAL_EPOCH + dt.timedelta(days=int(raw))).isoformat())
    return None


def read_date(raw: object) -> Reading:
    """A date in any of the forms that rosters use, at the precision it was written with."""
    if isinstance(raw, dt.datetime):
        raw = raw.date()
    if isinstance(raw, dt.date):
        return _date_of(str(raw.year), str(raw.month), str(raw.day), raw.isoformat())
    text = plain(raw)
    if says_nothing(text):
        return BLANK
    if isinstance(raw, int | float) and not isinstance(raw, bool) and (found := _date_of_number(raw, text)):
        return found
    shown = {"value": text[:20]}
    compact = _in_digits(_TIME.sub("", text).replace(" ", "")).rstrip("。;")
    if match := _SEPARATED.fullmatch(compact) or _COMPACT.fullmatch(compact):
        return _date_of(match[1], match[2], match[3], text[:20])
    if re.fullmatch(r"\d{5}", compact) and int(compact) in _SERIAL_DAYS:
        return Reading((_SERIAL_EPOCH + dt.timedelta(days=int(compact))).isoformat())
    if re.fullmatch(r"(19|20)\d{2}年?", compact):
        return Reading(fault=Fault.INCOMPLETE_DATE, params=dict(shown))
    return Reading(fault=Fault.UNREADABLE_DATE, params=dict(shown))


def read_birth(raw: object, today: dt.date) -> Reading:
    """A date of birth that lies before ``today``."""
    reading = read_date(raw)
    if reading.value and reading.value > today.isoformat():
        return Reading(fault=Fault.BORN_IN_FUTURE, params={"value": reading.value})
    return reading


def read_joined(raw: object, today: dt.date) -> Reading:
    """A date of joining the Party that does not lie after ``today``."""
    reading = read_date(raw)
    if reading.value and reading.value > today.isoformat():
        return Reading(fault=Fault.JOINED_IN_FUTURE, params={"value": reading.value})
    return reading


# --- Small vocabularies --------------------------------------------------------------------------

_GROUPS = re.findall(
    r"\S+",
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 "
    "土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 "
    "柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 "
    "乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 ",
)
_ETHNICITIES = {name: f"{name}族" for name in _GROUPS}
_GENDERS = {"男": "m", "男性": "m", "m": "m", "male": "m", "女": "f", "女性": "f", "f": "f", "female": "f"}
_EDUCATION = {
    "博士": "博士研究生",
    "博士研究生": "博士研究生",
    "博士生": "博士研究生",
    "研究生": "硕士研究生",
    "硕士": "硕士研究生",
    "硕士研究生": "硕士研究生",
    "硕士生": "硕士研究生",
    "mba": "硕士研究生",
    "本科": "本科",
    "大学": "本科",
    "大学本科": "本科",
    "学士": "本科",
    "全日制本科": "本科",
    "在职本科": "本科",
    "大专": "大专",
    "专科": "大专",
    "大学专科": "大专",
    "高职": "大专",
    "大学普通班": "大专",
    "中专": "中专",
    "中技": "中专",
    "职高": "中专",
    "中等专科": "中专",
    "高中": "高中",
    "初中": "初中",
    "小学": "小学",
}
_STATUSES = {
    "正式": "full",
    "正式党员": "full",
    "党员": "full",
    "中共党员": "full",
    "预备": "probationary",
    "预备党员": "probationary",
    "中共预备党员": "probationary",
}
_POSTS = {
    "书记": "secretary",
    "第一书记": "secretary",
    "副书记": "deputy_secretary",
    "组织委员": "organization_member",
    "宣传委员": "publicity_member",
    "纪检委员": "discipline_member",
    "纪律检查委员": "discipline_member",
    "纪律委员": "discipline_member",
    "委员": "committee_member",
    "支委": "committee_member",
    "统战委员": "committee_member",
    "群工委员": "committee_member",
    "群团委员": "committee_member",
    "青年委员": "committee_member",
    "生活委员": "committee_member",
    "保密委员": "committee_member",
    "学习委员": "committee_member",
    "妇女委员": "committee_member",
    "党务工作者": "affairs_worker",
    "党务干部": "affairs_worker",
    "党务专员": "affairs_worker",
    "党务干事": "affairs_worker",
    "党建干事": "affairs_worker",
    "党建专员": "affairs_worker",
    "党建工作者": "affairs_worker",
    "组织干事": "affairs_worker",
    "党员": "member",
    "普通党员": "member",
    "正式党员": "member",
    "预备党员": "member",
    "无": "member",
    "无职务": "member",
    "群众": "member",
}
#: From the weightiest post to the least, for people who hold several (“书记、宣传委员”).
_WEIGHT = (
    "secretary",
    "deputy_secretary",
    "organization_member",
    "publicity_member",
    "discipline_member",
    "committee_member",
    "affairs_worker",
    "member",
)
_WHERE = re.compile(
    r"^(中共)?(党支部|联合党支部|党总支部?|支部|总支部?|党委|党组|党工委|园区党委)(委员会)?(?=.)"
)


def read_gender(raw: object) -> Reading:
    """``m`` or ``f``."""
    text = plain(raw)
    if says_nothing(text):
        return BLANK
    value = _GENDERS.get(text.lower())
    return Reading(value) if value else Reading(fault=Fault.UNKNOWN_GENDER, params={"value": text[:20]})


def read_ethnicity(raw: object) -> Reading:
    """An ethnic group by its full name: 汉 → 汉族; what is not in the list is kept as written."""
    text = plain(raw).replace(" ", "")
    if says_nothing(text):
        return BLANK
    return Reading(_ETHNICITIES.get(text.removesuffix("族"), text))


def read_education(raw: object) -> Reading:
    """Education by its usual name: 大学 → 本科; what is not in the list is kept as written."""
    text = plain(raw).replace(" ", "")
    if says_nothing(text):
        return BLANK
    bare = re.sub(r"(学历|毕业|在读|及以上|及以下)+$", "", text)
    return Reading(_EDUCATION.get(bare.lower(), text))


def name_as_read(name: str) -> str:
    """A stored name as a roster that holds it would be read: what was typed as 韩 斌 is 韩斌 there."""
    return name if name.isalpha() else str(read_name(name).value or name)


def text_as_read(field: str, text: str) -> str:
    """A stored text of ``field`` as a roster that holds it would be read; an export sent back says this."""
    match field:
        case "name":
            return name_as_read(text)
        case "ethnicity":
            return str(read_ethnicity(text).value or text)
        case "education":
            return str(read_education(text).value or text)
        case _:
            return plain(text)


def read_status(raw: object) -> Reading:
    """``full`` or ``probationary``."""
    text = plain(raw).replace(" ", "")
    if says_nothing(text):
        return BLANK
    value = _STATUSES.get(text)
    return Reading(value) if value else Reading(fault=Fault.UNKNOWN_STATUS, params={"value": text[:20]})


def _post_named(text: str) -> str | None:
    """The post that one word names, with or without the kind of organization before it."""
    return _POSTS.get(text) or _POSTS.get(_WHERE.sub("", text)) or _POSTS.get(text.removeprefix("兼职"))


def read_post(raw: object) -> Reading:
    """A post of ``enrollment.models.Post``; an empty cell of a post column means an ordinary member."""
    text = re.sub(r"[\s]", "", plain(raw))
    if says_nothing(text):
        return Reading("member")
    if whole := _post_named(text):
        return Reading(whole)
    named = {post for part in re.split(r"[、,,/;;兼和及+]|\(|\)", text) if (post := _post_named(part))}
    for post in _WEIGHT:
        if post in named:
            return Reading(post)
    return Reading(fault=Fault.UNKNOWN_POST, params={"value": text[:20]})


# --- Identity numbers ----------------------------------------------------------------------------

_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def read_identity(raw: object) -> Reading:
    """An 18-character identity number with a right check character. A masked one tells nothing.

    The value is for making a digest of it; it is never kept.
    """
    text = re.sub(r"[\s\-']", "", plain(raw)).upper()
    if says_nothing(text) or "*" in text:
        return BLANK
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return Reading(fault=Fault.IDENTITY_INVALID)
    total = sum(int(digit) * weight for digit, weight in zip(text, _IDENTITY_WEIGHTS, strict=False))
    if "10X98765432"[total % 11] != text[-1]:
        return Reading(fault=Fault.IDENTITY_INVALID)
    return Reading(text)
