"""What may stand on a certificate 结业证书: placeholders from a closed list, a number, and a way to check it.

A placeholder is written in braces with its Chinese name, because staff write the text: ``{姓名}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

#: Placeholder → the key of what stands there. The list is closed: nothing else of a person is printed.
PLACEHOLDERS = {
    "姓名": "name",
    "党组织": "organization",
    "培训班": "class",
    "班次编号": "class_number",
    "开始日期": "starts_on",
    "结束日期": "ends_on",
    "学时": "hours",
    "编号": "number",
    "发证日期": "issued_on",
}
#: Where the picture of the address stands by which a stranger checks the certificate.
QR = "二维码"
NUMBER = "编号"
NAME = "姓名"
LONGEST_TITLE, LONGEST_BODY, LONGEST_FOOTER, LONGEST_SIGNATORY = 16, 300, 200, 40
_PLACE = re.compile(r"\{([^{}]*)\}")

TITLE_MISSING = Reason("template_title_missing", _("A certificate needs a title."), field="title")
SIGNATORY_MISSING = Reason(
    "template_signatory_missing", _("Say who signs the certificate."), field="signatory"
)
NUMBER_MISSING = Reason(
    "template_number_missing",
    _("The number is missing: write {编号} in the foot, so that the certificate can be told from others."),
    field="footer",
)
QR_MISSING = Reason(
    "template_qr_missing",
    _("The QR code is missing: write {二维码} in the foot, so that a stranger can check the certificate."),
    field="footer",
)
QR_TWICE = Reason("template_qr_twice", _("The QR code {二维码} stands in the foot once."), field="footer")
QR_IN_TEXT = Reason("template_qr_in_text", _("The QR code {二维码} belongs in the foot."), field="body")
NAME_MISSING = Reason(
    "template_name_missing", _("The name is missing: write {姓名} in the text."), field="body"
)
DOES_NOT_FIT = Reason(
    "template_does_not_fit",
    _("With a long name and a long title of the class this does not fit on one page; shorten the text."),
    field="body",
)
CHANGED_MEANWHILE = Reason(
    "template_changed_meanwhile",
    _("Somebody else has saved a newer version meanwhile; load the page again and enter your changes there."),
)
SAME = Reason("template_same", _("Nothing has changed since the version in force."))
SEAL_UNREADABLE = Reason(
    "seal_unreadable", _("This is not a picture that can be read; choose a PNG or JPEG file."), field="seal"
)
SEAL_TOO_LARGE = Reason(
    "seal_too_large", _("The picture of the seal may have 2 MB and 4,000 × 4,000 dots at most."), field="seal"
)


@dataclass(frozen=True)
class Draft:
    """A template as somebody wrote it."""

    title: str
    body: str
    footer: str
    signatory: str


@dataclass(frozen=True)
class Part:
    """A piece of filled text: the name stands out, and the QR code is a picture."""

    text: str
    is_name: bool = False
    is_qr: bool = False


def mistakes(draft: Draft) -> tuple[Reason, ...]:
    """Everything wrong with ``draft``, each with the field it belongs to; empty when it may be used."""
    reasons: list[Reason] = []
    if not draft.title.strip():
        reasons.append(TITLE_MISSING)
    if not draft.signatory.strip():
        reasons.append(SIGNATORY_MISSING)
    longest = {
        "title": LONGEST_TITLE,
        "body": LONGEST_BODY,
        "footer": LONGEST_FOOTER,
        "signatory": LONGEST_SIGNATORY,
    }
    for field, most in longest.items():
        text = getattr(draft, field)
        if len(text) > most:
            message = _("%(field)s: at most %(most)s characters; these are %(number)s.")
            params = {"field": FIELD_NAMES[field], "most": most, "number": len(text)}
            reasons.append(Reason("template_too_long", message, params, field))
        reasons += _misplaced(field, text)
    if f"{{{NAME}}}" not in draft.body:
        reasons.append(NAME_MISSING)
    if f"{{{QR}}}" in draft.body:
        reasons.append(QR_IN_TEXT)
    if f"{{{NUMBER}}}" not in draft.footer:
        reasons.append(NUMBER_MISSING)
    number = draft.footer.count(f"{{{QR}}}")
    if number != 1:
        reasons.append(QR_TWICE if number else QR_MISSING)
    return tuple(reasons)


#: What the fields are called in sentences.
FIELD_NAMES = {
    "title": _("Title"),
    "body": _("Text"),
    "footer": _("Foot"),
    "signatory": _("Signed by"),
}


def _misplaced(field: str, text: str) -> Iterator[Reason]:
    """Braces that hold no placeholder of the list, and braces without a partner."""
    known = {*PLACEHOLDERS, QR} if field in {"body", "footer"} else set()
    for name in dict.fromkeys(_PLACE.findall(text)):
        if name in known:
            continue
        if known:
            message = _("%(field)s: there is no placeholder {%(name)s}; those there are: %(known)s.")
            params = {
                "field": FIELD_NAMES[field],
                "name": name[:20],
                "known": " ".join(map(braced, PLACEHOLDERS)),
            }
        else:
            message = _("%(field)s: no placeholder can stand here; take out {%(name)s}.")
            params = {"field": FIELD_NAMES[field], "name": name[:20]}
        yield Reason("template_unknown_placeholder", message, params, field)
    rest = _PLACE.sub("", text)
    if "{" in rest or "}" in rest:
        message = _("%(field)s: a brace has no partner; placeholders are written like {姓名}.")
        yield Reason("template_brace", message, {"field": FIELD_NAMES[field]}, field)


def braced(name: str) -> str:
    """A placeholder as it is written."""
    return f"{{{name}}}"


def filled(text: str, values: Mapping[str, str]) -> list[Part]:
    """``text`` in pieces, with ``values`` (by key) where placeholders stood.

    Raises:
        KeyError: a placeholder that :func:`mistakes` refuses.
    """
    parts: list[Part] = []
    # Splitting by a pattern with one group gives text and placeholder by turns.
    for number, piece in enumerate(_PLACE.split(text)):
        if number % 2 == 0:
            if piece:
                parts.append(Part(piece))
        elif piece == QR:
            parts.append(Part("", is_qr=True))
        else:
            value = values[PLACEHOLDERS[piece]]
            if parts and parts[-1].text.endswith("“"):
                # Quotation marks inside quotation marks are single ones (GB/T 15834).
                value = value.replace("“", "‘").replace("”", "’")
            parts.append(Part(value, is_name=piece == NAME))
    return parts
