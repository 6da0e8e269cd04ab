"""The sentence of every code that reading a roster can end in. Each says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason
from enrollment.rules.roster import Column, Fault, Outcome
from enrollment.rules.roster.mapping import Lack, Shortfall
from enrollment.rules.roster.undoing import Stays

#: Why a whole file cannot be read.
FILE: dict[str, str | Promise] = {
    "missing": _("There is no file at “%(path)s”; check the path."),
    "empty": _("The file is empty; choose the roster again."),
    "too_large": _(
        "The file is larger than %(megabytes)s MB; split the roster and send the parts one by one."
    ),
    "too_many_rows": _(
        "The sheet has more than %(rows)s people; split the roster and send the parts one by one."
    ),
    "packed_too_tightly": _(
        "Unpacked, this file would be far larger than a roster can be, so it was not opened;"
        " save the sheet as a new .xlsx file and send that."
    ),
    "encrypted": _("The file is protected by a password; remove the password and send it again."),
    "old_or_encrypted": _(
        "This is an old .xls file or one protected by a password; save it as .xlsx "
        "without a password and send it again."
    ),
    "macros": _(
        "The file contains macros, which are not accepted; save it as .xlsx "
        "(without macros) and send it again."
    ),
    "external_entities": _(
        "The file refers to things outside itself, which no roster does, so it was not opened;"
        " copy the table into a new file and send that."
    ),
    "not_a_spreadsheet": _("This is neither an .xlsx file nor a .csv text; save the roster as one of these."),
    "broken": _(
        "The file is damaged and cannot be read; open it in your spreadsheet "
        "program, save it anew and send it again."
    ),
    "no_header": _(
        "No header was found in the first 30 rows; one row must name the columns, “姓名” (name) among them."
    ),
    "no_people": _("The sheet has a header but no people under it; choose the roster again."),
    "unknown_organization": _("There is no organization with the code “%(code)s”; check the code."),
    "organization_not_yours": _(
        "You cannot import people into this organization; ask whoever looks after it."
    ),
    "send_again": _(
        "What the columns hold is remembered. The file held identity numbers and was removed once it had "
        "been read; send it again."
    ),
    "columns_taken": _("This import is already being read; look at it again in a moment."),
    "no_such_row": _("There is no such row among the first 30; choose another one."),
    "not_ready": _("This import is not waiting for confirmation."),
    "not_applied": _("This import was not applied, so there is nothing to take back."),
    "nothing_to_do": _("Nothing in this file differs from the roster; there is nothing to apply."),
    "unexpected": _("Something went wrong on our side. Nothing was saved; please try again."),
    "data_changed": _(
        "The roster was changed by someone else after this preview was made. Nothing was saved;"
        " look at the new preview and confirm again."
    ),
}

#: Why a row cannot be taken.
ROW: dict[str, str | Promise] = {
    Fault.NAME_MISSING: _("The name is missing; fill it in."),
    Fault.NAME_UNREADABLE: _("“%(value)s” is not a name; write the name alone, without numbers."),
    Fault.TOO_LONG: _("This cell holds more than %(longest)s characters; shorten it."),
    Fault.PHONE_TOO_SHORT: _(
        "The mobile phone %(value)s has only %(digits)s digits; it must have 11. Check the number."
    ),
    Fault.PHONE_TOO_LONG: _(
        "The mobile phone %(value)s has %(digits)s digits; it must have 11. Check the number."
    ),
    Fault.PHONE_NOT_MOBILE: _("%(value)s is not a mobile phone number; fill in an 11-digit mobile number."),
    Fault.PHONE_NOT_DIGITS: _("“%(value)s” is not a phone number; fill in one 11-digit mobile number."),
    Fault.PHONE_ROUNDED: _(
        "The phone was rounded by the spreadsheet program (%(value)s); format the "
        "column as text and type the number again."
    ),
    Fault.PHONE_USED_TWICE: _(
        "The same mobile phone stands with another name in row %(row)s; two people "
        "cannot share one. Check both rows."
    ),
    Fault.PHONE_OF_ANOTHER: _(
        "The mobile phone already belongs to another person on the roster; check the number and the name."
    ),
    Fault.IMPOSSIBLE_DATE: _("“%(value)s” is not a day that exists; check year, month and day."),
    Fault.UNREADABLE_DATE: _("“%(value)s” is not a date; write it like 1985-05-19 or 1985.05."),
    Fault.INCOMPLETE_DATE: _("“%(value)s” names only a year; add the month."),
    Fault.AMBIGUOUS_DATE: _(
        "%(value)s may mean January or October: a number loses its last zero. Write "
        "%(year)s年1月 or %(year)s年10月."
    ),
    Fault.BORN_IN_FUTURE: _("The date of birth %(value)s lies in the future; check it."),
    Fault.JOINED_IN_FUTURE: _("The date of joining the Party %(value)s lies in the future; check it."),
    Fault.JOINED_BEFORE_BORN: _(
        "The date of joining the Party (%(joined)s) lies before the date of birth (%(born)s); check both."
    ),
    Fault.UNKNOWN_ORGANIZATION: _(
        "There is no organization named “%(value)s” among those you look after; "
        "write its full name, short name or code."
    ),
    Fault.AMBIGUOUS_ORGANIZATION: _(
        "Several organizations are called “%(value)s”; write the full name or the code."
    ),
    Fault.DISSOLVED_ORGANIZATION: _(
        "“%(value)s” has been dissolved; name the organization that this person belongs to now."
    ),
    Fault.ORGANIZATION_MISSING: _("The organization is missing; fill it in."),
    Fault.UNKNOWN_POST: _(
        "“%(value)s” is not a known Party post; write for example 书记, 副书记, 组织委员, "
        "党务工作者, or leave it empty."
    ),
    Fault.UNKNOWN_GENDER: _("“%(value)s” is not a gender; write 男 or 女, or leave it empty."),
    Fault.UNKNOWN_STATUS: _(
        "“%(value)s” is not a member status; write 正式党员 or 预备党员, or leave it empty."
    ),
    Fault.IDENTITY_INVALID: _(
        "The identity number is not valid; check its 18 characters, or leave it empty."
    ),
    Fault.IDENTITY_USED_TWICE: _(
        "The same identity number stands with another name in row %(row)s; check both rows."
    ),
    Fault.FORMULA_WITHOUT_VALUE: _(
        "The cell holds a formula without a result; copy the column and paste it as values."
    ),
    Fault.CELL_ERROR: _("The cell shows the error %(value)s; type the value itself."),
    Fault.CONTRADICTS_ROW: _(
        "Row %(row)s is about the same person and says something else; keep one of the two rows."
    ),
    Fault.SEVERAL_MATCH: _(
        "%(count)s people on the roster of this organization are called %(name)s; "
        "add the mobile phone or the date of birth."
    ),
    Fault.PERSON_ELSEWHERE: _(
        "This person is on the roster of an organization that you do not look "
        "after; ask that organization for a transfer."
    ),
}
_PHONE_OF_NAMED = _(
    "The mobile phone already belongs to %(owner)s on the roster; check the number and the name."
)

FIELDS: dict[str, str | Promise] = {
    Column.NUMBER: _("Number"),
    Column.NAME: _("Name"),
    Column.GENDER: _("Gender"),
    Column.ETHNICITY: _("Ethnic group"),
    Column.BORN: _("Date of birth"),
    Column.EDUCATION: _("Education"),
    Column.JOINED: _("Joined the Party on"),
    Column.STATUS: _("Member status"),
    Column.ORGANIZATION: _("Organization"),
    "organization_id": _("Organization"),
    Column.POST: _("Post"),
    Column.PHONE: _("Mobile phone"),
    Column.IDENTITY: _("Identity number"),
    "identity_digest": _("Identity number"),
    Column.NOTE: _("Remarks"),
}

#: What keeps rows from being read, by what their columns lack.
LACKS: dict[str, str | Promise] = {
    Lack.NAME: _("No column holds the name; say which one does."),
    Lack.ORGANIZATION: _("No column holds the organization; say which one does."),
    Lack.TWICE: _("Several columns are said to hold “%(column)s”; keep one and leave the others out."),
    Lack.OTHER_HEADINGS: _("These are not the columns of this file; look at them again."),
}

OUTCOMES: dict[str, str | Promise] = {
    Outcome.ERROR: _("Errors"),
    Outcome.NEW: _("New"),
    Outcome.CHANGED: _("Changed"),
    Outcome.UNCHANGED: _("Unchanged"),
    Outcome.DUPLICATE: _("Twice in the file"),
}

#: The order of a report, with the name of each count.
OUTCOMES_IN_REPORTS: dict[str, str] = {
    Outcome.NEW: "new",
    Outcome.CHANGED: "changed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.DUPLICATE: "duplicates",
    Outcome.ERROR: "errors",
}
ROWS = _("Rows")
NOTHING_SAVED = _("This was a trial run; nothing was saved.")

#: Why something that an import wrote stays when the import is taken back.
STAYS: dict[str, str | Promise] = {
    Stays.IN_USE: _("Has an account, hours, a class or other records by now; the person stays."),
    Stays.CHANGED_SINCE: _("Was changed by somebody after the import; what was changed stays."),
    Stays.TAKEN: _("The former mobile phone or identity number belongs to somebody else by now."),
    Stays.LEFT: _("Has left the roster since."),
    Stays.BEYOND: _("Belongs to an organization by now that you do not look after."),
    Stays.DISSOLVED: _("The former organization has been dissolved; post and organization stay."),
}

NOTES: dict[str, str | Promise] = {
    "other_sheets": _(
        "The file has several sheets with people; only the first was read. Send the others on their own."
    ),
    "formulas": _("Some cells hold formulas; the results stored in the file were read."),
    "identity_forgotten": _(
        "Identity numbers were used to recognize people and not kept; the uploaded file was removed."
    ),
}


def file_reason(code: str, /, **params: Any) -> Reason:
    """Why a file is refused."""
    return Reason(f"roster_{code}", FILE[code], params, field="file")


def lack(shortfall: Shortfall) -> Reason:
    """What is missing among the columns, and what to do."""
    params = {"column": FIELDS[shortfall.column]} if shortfall.column else {}
    return Reason(f"roster_{shortfall.lack}", LACKS[shortfall.lack], params)


def lacks(kept: Iterable[Sequence[str]]) -> list[Reason]:
    """The same of lacks that are kept with an import, as pairs of lack and column."""
    return [lack(Shortfall(Lack(code), Column(column) if column else None)) for code, column in kept]


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is wrong with a row, in the active language."""
    text = ROW[code]
    if code == Fault.PHONE_OF_ANOTHER and params.get("owner"):
        text = _PHONE_OF_NAMED
    return str(text) % params if params else str(text)


#: What the audit log calls the deeds of an import.
LOG_ACTIONS: tuple[tuple[str, str | Promise, str | Promise], ...] = (
    ("enrollment.roster.receive", _("Upload a roster"), _("Roster uploaded")),
    ("enrollment.roster.columns", _("Say what columns hold"), _("Columns of a roster told")),
    (
        "enrollment.roster.forget_columns",
        _("Forget what columns hold"),
        _("Remembered columns of rosters forgotten"),
    ),
    ("enrollment.roster.apply", _("Apply a roster"), _("Roster applied")),
    ("enrollment.roster.discard", _("Discard a roster"), _("Roster discarded")),
    ("enrollment.roster.mark", _("Mark who has left"), _("Marked who of a roster's missing has left")),
    ("enrollment.person.return", _("Take a departure back"), _("On the roster again; departure taken back")),
    ("enrollment.roster.undo", _("Take a roster back"), _("Roster import taken back")),
    ("enrollment.person.withdraw", _("Withdraw an admission"), _("Admission taken back with its import")),
    ("enrollment.roster.correct", _("Download the rows to correct"), _("Rows to correct downloaded")),
    ("enrollment.people.export", _("Export people"), _("People exported")),
)


def file_refusal(text: str) -> Reason:
    """A sentence said before about a file, as a reason again."""
    return Reason("roster_unreadable", text, field="file")
