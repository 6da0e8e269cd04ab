"""Whether two records are likely to be of one person: signs for it, signs against it, and their weights.

The figures are the academy's own default; they order what staff look at and decide nothing by themselves.
"""

from __future__ import annotations

import datetime as dt
import enum
import unicodedata
from dataclasses import dataclass

from cms.refusals import sentence as _


class Sign(enum.StrEnum):
    """Why two records look like one person's."""

    IDENTITY = "identity"
    PHONE = "phone"
    NAME = "name"
    NEAR_NAME = "near_name"
    ORGANIZATION = "organization"
    BIRTH = "birth"
    TAIL = "tail"
    ONE_LEFT = "one_left"
    PICKED = "picked"


SIGN_WORDS = {
    Sign.IDENTITY: _("Same identity number"),
    Sign.PHONE: _("Same mobile phone"),
    Sign.NAME: _("Same name"),
    Sign.NEAR_NAME: _("Nearly the same name"),
    Sign.ORGANIZATION: _("Same organization"),
    Sign.BIRTH: _("Same date of birth"),
    Sign.TAIL: _("Same last four of the identity number"),
    Sign.ONE_LEFT: _("One of them has left"),
    Sign.PICKED: _("Chosen by hand"),
}

WEIGHTS = {
    Sign.IDENTITY: 100,
    Sign.PHONE: 60,
    Sign.NAME: 30,
    Sign.NEAR_NAME: 25,
    Sign.ORGANIZATION: 30,
    Sign.BIRTH: 35,
    Sign.TAIL: 30,
    Sign.ONE_LEFT: 0,
    Sign.PICKED: 0,
}
#: What speaks against it: other dates of birth, another gender, another phone.
OTHER_BIRTH, OTHER_GENDER, OTHER_PHONE = -50, -30, -10
#: From here on two records are shown to staff.
SHOWN_FROM = 50
LIKELY_FROM, CERTAIN_FROM = 65, 90
#: A name with a date, place or number that more people than this share is too common to be a sign.
LARGEST_GROUP = 6

#: What stands inside names and is no part of them. Spaces of every kind besides.
SEPARATORS = "·•・‧∙⋅．.。－-—'’` \u3000\u00a0\t"
#: Written forms of one character that registers mix; the left is read as the right.
VARIANTS = {
    "吳": "吴", "黃": "黄", "張": "张", "陳": "陈", "劉": "刘", "趙": "赵", "孫": "孙", "馬": "马",
    "呂": "吕", "盧": "卢", "蔣": "蒋", "鄭": "郑", "謝": "谢", "韓": "韩", "馮": "冯", "鄧": "邓",
    "許": "许", "葉": "叶", "蘇": "苏", "閆": "闫", "閻": "闫", "阎": "闫", "蕭": "萧", "肖": "萧",
    "傅": "付", "戴": "代", "峯": "峰", "羣": "群", "甯": "宁", "寗": "宁", "寧": "宁", "強": "强",
    "國": "国", "華": "华", "軍": "军", "麗": "丽", "榮": "荣", "偉": "伟", "紅": "红", "鋒": "锋",
}  # fmt: skip


class Level(enum.StrEnum):
    """How likely it is."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CERTAIN = "certain"


LEVEL_WORDS = {
    Level.POSSIBLE: _("Possibly one person"),
    Level.LIKELY: _("Probably one person"),
    Level.CERTAIN: _("Almost certainly one person"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one record, as far as it can tell two people apart."""

    id: int
    name: str
    organization_id: int
    phone: str | None = None
    identity_digest: str | None = None
    identity_tail: str = ""
    born_on: dt.date | None = None
    gender: str = ""
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """What speaks for two records being one person's, from 0 to 100."""

    score: int
    signs: tuple[Sign, ...]


def name_key(name: str) -> str:
    """``name`` as registers agree on it: no dots, no spaces, no case, one form for each character."""
    plain = unicodedata.normalize("NFKC", name)
    kept = (letter for letter in plain if letter not in SEPARATORS and not letter.isspace())
    return "".join(VARIANTS.get(letter, letter) for letter in kept).upper()


def _one_apart(one: str, other: str) -> bool:
    """Whether two names of three characters or more differ in a single one (a slip of the pen)."""
    if len(one) != len(other) or len(one) < 3:
        return False
    return sum(left != right for left, right in zip(one, other, strict=True)) == 1


def same_birth(one: dt.date | None, other: dt.date | None) -> bool | None:
    """Whether two dates of birth agree; None where one is not known.

    The first of a month may stand for the month alone.
    """
    if one is None or other is None:
        return None
    if one == other:
        return True
    return (one.year, one.month) == (other.year, other.month) and 1 in (one.day, other.day)


def likeness(one: Facts, other: Facts) -> Likeness | None:
    """How much ``one`` and ``other`` look like the same person; None where staff need not look.

    Two different identity numbers are two people. A shared phone alone is none either: families share one.
    """
    if one.has_left and other.has_left:
        return None
    if one.identity_digest and other.identity_digest and one.identity_digest != other.identity_digest:
        return None
    signs = _signs(one, other)
    if not signs & {Sign.NAME, Sign.NEAR_NAME, Sign.IDENTITY}:
        return None
    score = sum(WEIGHTS[sign] for sign in signs)
    if Sign.IDENTITY not in signs:
        score += _against(one, other)
    if score < SHOWN_FROM:
        return None
    return Likeness(min(100, score), tuple(sign for sign in Sign if sign in signs))


def _signs(one: Facts, other: Facts) -> set[Sign]:
    signs: set[Sign] = set()
    if one.identity_digest and one.identity_digest == other.identity_digest:
        signs.add(Sign.IDENTITY)
    elif one.identity_tail and one.identity_tail == other.identity_tail:
        signs.add(Sign.TAIL)
    if one.phone and one.phone == other.phone:
        signs.add(Sign.PHONE)
    keys = name_key(one.name), name_key(other.name)
    if one.name == other.name:
        signs.add(Sign.NAME)
    elif keys[0] == keys[1] or (signs & {Sign.IDENTITY, Sign.PHONE} and _one_apart(*keys)):
        signs.add(Sign.NEAR_NAME)
    if one.organization_id == other.organization_id:
        signs.add(Sign.ORGANIZATION)
    if same_birth(one.born_on, other.born_on):
        signs.add(Sign.BIRTH)
    if one.has_left or other.has_left:
        signs.add(Sign.ONE_LEFT)
    return signs


def _against(one: Facts, other: Facts) -> int:
    """What is taken off for what differs; what one of them does not say tells nothing."""
    score = OTHER_BIRTH if same_birth(one.born_on, other.born_on) is False else 0
    if one.gender and other.gender and one.gender != other.gender:
        score += OTHER_GENDER
    if one.phone and other.phone and one.phone != other.phone:
        score += OTHER_PHONE
    return score


def level_of(score: int) -> Level:
    """The step of a score."""
    if score >= CERTAIN_FROM:
        return Level.CERTAIN
    return Level.LIKELY if score >= LIKELY_FROM else Level.POSSIBLE
