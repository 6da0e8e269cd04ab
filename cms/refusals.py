"""How every app refuses: a code for machines, one clear sentence for people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

#: Marks a sentence for translation. Rules import it from here (``from cms.refusals import sentence as _``),
#: so that nothing else of Django reaches them.
sentence = gettext_lazy


@dataclass(frozen=True)
class Reason:
    """Why something is refused.

    ``code`` is stable (snake_case); ``message`` is a (lazy) translated sentence, with ``%(name)s``
    places filled from ``params``; ``field`` names the form field it belongs to, if any.
    """

    code: str
    message: str | Promise
    params: dict[str, Any] = field(default_factory=dict)
    field: str = ""

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.params if self.params else text


class Refused(Exception):
    """Raised by an action that will not do what was asked; nothing was written."""

    def __init__(self, *reasons: Reason) -> None:
        self.reasons: Sequence[Reason] = reasons
        super().__init__("; ".join(reason.code for reason in reasons))

    @property
    def code(self) -> str:
        """The first reason's code."""
        return self.reasons[0].code if self.reasons else "refused"

    @property
    def sentence(self) -> str:
        """All reasons as one text in the active language."""
        return " ".join(str(reason) for reason in self.reasons)
