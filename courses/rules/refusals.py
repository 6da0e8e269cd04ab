"""What courses refuse, each with its sentence."""

from cms.refusals import Reason
from cms.refusals import sentence as _
from courses.rules.watching import NotCounted

MAY_NOT_STUDY = Reason(
    "may_not_study",
    _("Lessons are open to people on the academy's roster. Ask your organization to add you."),
)
LESSON_LOCKED = Reason(
    "lesson_locked", _("This course is studied in order: complete the lesson before this one.")
)
COURSE_LOCKED = Reason("course_locked", _("Complete first what this course builds on."))
NOT_OPENED = Reason("not_opened", _("Open the lesson first."))
QUIZ_MISSING = Reason("quiz_missing", _("This lesson has no test."))
QUIZ_EMPTY = Reason("quiz_empty", _("This test has no questions yet."))
NO_ATTEMPTS_LEFT = Reason("no_attempts_left", _("You have used every attempt at this test."))
ATTEMPT_CLOSED = Reason("attempt_closed", _("This attempt has already been handed in."))
TIME_IS_UP = Reason("time_is_up", _("The time is up: what was saved until then has been handed in."))

#: Why a minute did not count, in words for the trainee.
NOT_COUNTED = {
    NotCounted.OTHER_LESSON: _(
        "Another lesson is being studied on this account. One lesson counts at a time."
    ),
    NotCounted.OTHER_TAB: _("This lesson is already playing on another page or device. It counts once."),
    NotCounted.HIDDEN: _("The page was not in view, so the time was not counted."),
    NotCounted.FASTER_THAN_CLOCK: _(
        "More was played than time had passed (jumping ahead, or above double speed)."
    ),
    NotCounted.WATCHED_BEFORE: _("You had already watched this part; it counts once."),
    NotCounted.LONG_SILENCE: _(
        "The connection was lost for long; only the last fifteen minutes could be counted."
    ),
    NotCounted.NO_ANSWER: _(
        "Nobody answered when the lesson asked whether you were still there; what played after that was not "
        "counted."
    ),
}
