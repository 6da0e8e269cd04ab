"""What a request for correction and its answer have to say. Pure."""

from __future__ import annotations

from cms.refusals import Reason
from cms.refusals import sentence as _

NO_TEXT = Reason("correction_text_missing", _("Say what is wrong and what is right."), field="text")
STILL_OPEN = Reason(
    "correction_still_open",
    _("An earlier request of yours still waits; it is answered first."),
    field="text",
)
NOT_WAITING = Reason("correction_not_waiting", _("This request has been answered already."))
NO_REASON = Reason(
    "correction_reason_missing", _("Say why nothing is corrected; the person reads it."), field="answer"
)
NOT_YOURS = Reason("correction_not_yours", _("You do not keep the record of this person."))
