"""Whom a class is for: its cohorts, and the organizations with all below them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cms.refusals import Reason
from cms.refusals import sentence as _


@dataclass(frozen=True)
class Terms:
    """Whom a class is for; what is empty asks nothing.

    ``cohorts`` maps the code of each cohort to its name, ``places`` the tree path of each organization to
    its name.
    """

    cohorts: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether everybody may come."""
        return not self.cohorts and not self.places


def refusals(terms: Terms, *, cohort: str, path: str) -> tuple[Reason, ...]:
    """Why somebody of ``cohort``, with an organization at ``path``, may not be nominated."""
    reasons = []
    if terms.cohorts and cohort not in terms.cohorts:
        reasons.append(
            Reason(
                "wrong_cohort",
                _("The class is only for %(cohorts)s."),
                {"cohorts": _listed(terms.cohorts)},
            )
        )
    if terms.places and not any(path.startswith(place) for place in terms.places):
        reasons.append(
            Reason(
                "wrong_place",
                _("The class is only for %(places)s and the organizations below."),
                {"places": _listed(terms.places)},
            )
        )
    return tuple(reasons)


def _listed(names: Mapping[str, object]) -> str:
    return "、".join(str(name) for name in names.values())
