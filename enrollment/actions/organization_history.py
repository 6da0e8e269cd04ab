"""Writing the dated history of organizations; every change of name, place, kind and status passes here.

Callers hold the lock on the organization.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone

from cms.refusals import Refused
from enrollment.models import ChangeKind, Organization, OrganizationChange, User
from enrollment.rules import organization_history as rules

CHUNK = 2000
DOCUMENT_LENGTH = 60
REASON_LENGTH = 200


@dataclass(frozen=True)
class Basis:
    """From when a change holds (None: today), why, and by which document."""

    on: dt.date | None = None
    reason: str = ""
    document_number: str = ""

    @property
    def day(self) -> dt.date:
        """The day it takes effect."""
        return self.on or timezone.localdate()


TODAY = Basis()


def require_day(
    organization: Organization, kinds: Iterable[str], basis: Basis, *, moves_people: bool = False
) -> None:
    """Refuse a day that has not come, or that lies before the founding or the last change of these kinds.

    Raises:
        Refused: see ``rules.organization_history``.
    """
    # Where the day of founding is not known, its line has the day it was entered: that binds nobody.
    later = set(kinds) - {ChangeKind.FOUNDED, ChangeKind.SPLIT_OFF}
    same = OrganizationChange.objects.filter(organization=organization, kind__in=later).order_by()
    reasons = rules.day_refusals(
        on=basis.day,
        today=timezone.localdate(),
        founded_on=organization.founded_on,
        last_on=same.aggregate(last=Max("effective_on"))["last"],
        moves_people=moves_people,
    )
    if reasons:
        raise Refused(*reasons)


def record(
    organization: Organization,
    kind: ChangeKind,
    *,
    basis: Basis,
    actor: User | None,
    before: str = "",
    after: str = "",
    parent_before: Organization | None = None,
    parent_after: Organization | None = None,
    other: Organization | None = None,
) -> OrganizationChange:
    """Add one line to the history of ``organization``."""
    return OrganizationChange.objects.create(
        organization=organization,
        kind=kind,
        effective_on=basis.day,
        before=before,
        after=after,
        parent_before=parent_before,
        parent_after=parent_after,
        other=other,
        reason=basis.reason.strip()[:REASON_LENGTH],
        document_number=basis.document_number.strip()[:DOCUMENT_LENGTH],
        recorded_by=actor,
    )


def record_foundings(
    organizations: Iterable[Organization],
    parents: Mapping[str, Organization],
    *,
    basis: Basis,
    actor: User | None,
    out_of: Organization | None = None,
) -> None:
    """Add the first line of many; ``parents`` by the path of the child. Without a known day: today."""
    OrganizationChange.objects.bulk_create(
        [
            OrganizationChange(
                organization=organization,
                kind=ChangeKind.SPLIT_OFF if out_of else ChangeKind.FOUNDED,
                effective_on=organization.founded_on or basis.day,
                after=organization.name,
                parent_after=parents.get(organization.path),
                other=out_of,
                reason=basis.reason.strip()[:REASON_LENGTH],
                document_number=basis.document_number.strip()[:DOCUMENT_LENGTH],
                recorded_by=actor,
            )
            for organization in organizations
        ],
        batch_size=CHUNK,
    )
