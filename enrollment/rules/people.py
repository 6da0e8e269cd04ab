"""Who belongs to which cohort, and what a roster record must hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cms.refusals import Reason
from cms.refusals import sentence as _

SECRETARY = "secretary"
AFFAIRS_WORKER = "affairs_worker"
MEMBER = "member"

#: Cohort of each post. Committee members other than the secretary carry the organization's affairs: they
#: study with the affairs workers, and owe the committee's hours
#: (domain §2: “56 when on the committee, else 32”).
COHORT_OF_POST = {
    "secretary": SECRETARY,
    "deputy_secretary": AFFAIRS_WORKER,
    "organization_member": AFFAIRS_WORKER,
    "publicity_member": AFFAIRS_WORKER,
    "discipline_member": AFFAIRS_WORKER,
    "committee_member": AFFAIRS_WORKER,
    "affairs_worker": AFFAIRS_WORKER,
    "member": MEMBER,
}
OFF_COMMITTEE = frozenset({"affairs_worker", "member"})


def cohort_of(post: str) -> str:
    """The cohort somebody with ``post`` studies in."""
    return COHORT_OF_POST.get(post, MEMBER)


def is_on_committee(post: str) -> bool:
    """Whether ``post`` makes its holder a committee member 班子成员."""
    return post in COHORT_OF_POST and post not in OFF_COMMITTEE


NAME_MISSING = Reason("name_missing", _("A name is needed."), field="name")
PHONE_TAKEN = Reason(
    "phone_taken", _("Another person on the roster already has this mobile phone."), field="phone"
)
IDENTITY_TAKEN = Reason(
    "identity_taken", _("Another person on the roster already has this identity number."), field="identity"
)
POST_UNKNOWN = Reason("post_unknown", _("There is no such post."), field="post")
ALREADY_LEFT = Reason("trainee_has_left", _("This person has left and is no longer on the roster."))
BEFORE_CURRENT_POST = Reason(
    "before_current_post",
    _("The new post must begin after the present one began."),
    field="started_on",
)
LEAVES_BEFORE_POST = Reason(
    "leaves_before_post", _("Nobody can leave before their present post began."), field="left_on"
)
EXEMPTION_BACKWARD = Reason(
    "exemption_backward", _("An exemption cannot end before it begins."), field="ends_on"
)
EXEMPTION_REASON_MISSING = Reason(
    "exemption_reason_missing", _("Say why this person is exempt."), field="reason"
)
DISSOLVED = Reason(
    "organization_dissolved", _("This organization has been dissolved; choose another."), field="organization"
)


def exemption_overlaps(starts_on: dt.date, ends_on: dt.date | None) -> Reason:
    """Refusal of an exemption that shares a day with one from ``starts_on`` to ``ends_on``."""
    if ends_on is None:
        return Reason(
            "exemption_overlaps",
            _("This person is already exempt from %(from)s on; change that exemption instead."),
            {"from": f"{starts_on:%Y-%m-%d}"},
            field="starts_on",
        )
    return Reason(
        "exemption_overlaps",
        _("This person is already exempt from %(from)s to %(to)s; change that exemption instead."),
        {"from": f"{starts_on:%Y-%m-%d}", "to": f"{ends_on:%Y-%m-%d}"},
        field="starts_on",
    )


def first_overlap(
    starts_on: dt.date, ends_on: dt.date | None, others: Iterable[tuple[dt.date, dt.date | None]]
) -> tuple[dt.date, dt.date | None] | None:
    """The first of ``others`` that shares a day with ``starts_on`` to ``ends_on``; all days are included."""
    return next(
        (
            other
            for other in others
            if (other[1] is None or starts_on <= other[1]) and (ends_on is None or other[0] <= ends_on)
        ),
        None,
    )
