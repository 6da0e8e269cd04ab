"""What must be in order before a class is closed: the items of its checklist 结班清单.

Higher apps offer items when they start; whoever offers one with a code that is there already knows better and
takes its place. An item is in order by what its app finds, or because somebody vouches for it by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason
from enrollment.models import (
    ROSTER_STATUSES,
    ClassNotice,
    ClassStatus,
    ClassSurvey,
    ClosingTick,
    Enrollment,
    PlanEntry,
    TrainingClass,
)
from enrollment.rules import checklist as rules
from enrollment.rules import survey as survey_rules
from enrollment.rules.checklist import Checked

Check = Callable[[TrainingClass], list[Reason]]
#: Where something about a class is done (a path on this site).
Address = Callable[[TrainingClass], str]


@dataclass(frozen=True)
class Item:
    """One line of the checklist: ``check`` returns what is missing, ``address`` leads to where it is done.

    Somebody may vouch for it while it ``may_be_ticked`` and ``vouched_when`` (if there is one) says yes.
    """

    code: str
    label: str | Promise
    check: Check
    address: Address
    may_be_ticked: bool = True
    vouched_when: Callable[[TrainingClass], bool] | None = None

    def may_be_vouched_for(self, training_class: TrainingClass) -> bool:
        """Whether a word of somebody is enough for this class now."""
        if self.vouched_when is None:
            return self.may_be_ticked
        return self.may_be_ticked and self.vouched_when(training_class)


@dataclass(frozen=True)
class Line:
    """An item as it stands for one class."""

    item: Item
    checked: Checked
    url: str
    tick: ClosingTick | None


#: What stands in the checklist of these does not change any more.
CLASSES_OVER = frozenset({ClassStatus.CLOSED, ClassStatus.ARCHIVED})
#: In which order items are shown; others follow.
ORDER = ("plan", "notice", "roster", "timetable", "attendance", "survey")

#: Posts the hours of what was held in a class and is not settled; done twice is done once.
Settlement = Callable[[TrainingClass, Any], None]

_settlements: list[Settlement] = []
_items: dict[str, Item] = {}
_checks: list[Check] = []


def offer(item: Item) -> Item:
    """Add an item, or take the place of the one with its code."""
    _items[item.code] = item
    return item


def register(check: Check) -> Check:
    """Ask ``check`` as well before a class is closed; it has no line. Registering twice is once."""
    if check not in _checks:
        _checks.append(check)
    return check


def settle_with(settlement: Settlement) -> Settlement:
    """Have ``settlement`` post hours before a class is closed. Offering twice is once."""
    if settlement not in _settlements:
        _settlements.append(settlement)
    return settlement


def settle(training_class: TrainingClass, actor: Any) -> None:
    """Post the hours of everything that was held in ``training_class``."""
    for settlement in _settlements:
        settlement(training_class, actor)


def items() -> list[Item]:
    """The items in the order of a class's life."""
    return sorted(
        _items.values(), key=lambda item: ORDER.index(item.code) if item.code in ORDER else len(ORDER)
    )


def checklist(training_class: TrainingClass) -> list[Line]:
    """Every item as it stands; each asks a fixed number of queries."""
    ticks = {
        tick.code: tick
        for tick in ClosingTick.objects.filter(training_class=training_class).select_related("ticked_by")
    }
    is_over = training_class.status in CLASSES_OVER
    return [
        Line(
            item,
            Checked(
                item.code,
                tuple(item.check(training_class)),
                # What was vouched for while the class ran stays so.
                item.may_be_ticked if is_over else item.may_be_vouched_for(training_class),
                item.code in ticks,
            ),
            item.address(training_class),
            ticks.get(item.code),
        )
        for item in items()
    ]


def reasons_against(training_class: TrainingClass) -> tuple[Reason, ...]:
    """Everything that still stands against closing ``training_class``."""
    lines = rules.open_reasons(line.checked for line in checklist(training_class))
    return lines + tuple(reason for check in _checks for reason in check(training_class))


# --- What this app knows of --------------------------------------------------------------------------


def _page(name: str) -> Address:
    return lambda training_class: reverse(f"enrollment:{name}", args=[training_class.pk])


def _plan(training_class: TrainingClass) -> list[Reason]:
    planned = PlanEntry.objects.filter(training_class=training_class)
    return [] if planned.exists() else [rules.PLAN_MISSING]


def _notice(training_class: TrainingClass) -> list[Reason]:
    published = ClassNotice.objects.filter(training_class=training_class, revision__gt=0)
    return [] if published.exists() else [rules.NOTICE_MISSING]


def _roster(training_class: TrainingClass) -> list[Reason]:
    people = Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES)
    return [] if people.exists() else [rules.ROSTER_MISSING]


def _survey_state(survey: ClassSurvey | None) -> survey_rules.State | None:
    return None if survey is None else survey.state_at(timezone.now())


def _survey(training_class: TrainingClass) -> list[Reason]:
    """Judged by the survey that was held (three queries)."""
    survey = ClassSurvey.objects.filter(training_class=training_class).first()
    found = survey_rules.closing_reason(
        now_is=_survey_state(survey),
        answers=survey.sheets.count() if survey is not None else 0,
        people=Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES).count(),
        minimum=survey.minimum_answers if survey is not None else 0,
        closes_at=timezone.localtime(survey.closes_at) if survey is not None and survey.closes_at else None,
    )
    return [] if found is None else [found]


def _survey_is_over(training_class: TrainingClass) -> bool:
    """Few may have answered in spite of everything; a survey that was never held is nothing to vouch for."""
    survey = ClassSurvey.objects.filter(training_class=training_class).first()
    return _survey_state(survey) == survey_rules.State.OVER


def offer_own() -> None:
    """The items of this app."""
    closing_page = _page("class_closing")
    offer(Item("plan", _("Plan"), _plan, closing_page))
    offer(Item("notice", _("Notice"), _notice, _page("class_notice")))
    offer(Item("roster", _("Roster"), _roster, _page("class_roster"), may_be_ticked=False))
    offer(
        Item(
            "survey",
            _("Satisfaction survey"),
            _survey,
            _page("class_survey"),
            vouched_when=_survey_is_over,
        )
    )
