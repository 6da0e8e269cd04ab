"""Reads about notices: which organizations have received one."""

from __future__ import annotations

from dataclasses import dataclass

from enrollment.models import ClassNotice, NoticeReceipt, Organization, Quota, User, under


@dataclass(frozen=True)
class Reception:
    """One organization with a quota, and whether it has received the notice."""

    organization: Organization
    seats: int
    receipt: NoticeReceipt | None


def receptions(notice: ClassNotice, user: User) -> list[Reception]:
    """The organizations with a quota, those that have not received it first (two queries).

    Whoever runs the class sees all, others those in their scope.
    """
    quotas = Quota.objects.filter(training_class=notice.training_class_id).select_related("organization")
    if not notice.training_class.is_run_by(user):
        quotas = quotas.filter(under(user.scope.visible_paths, "organization__path"))
    receipts = {
        receipt.organization_id: receipt
        for receipt in NoticeReceipt.objects.filter(notice=notice, revision=notice.revision).select_related(
            "user"
        )
    }
    rows = [
        Reception(quota.organization, quota.seats, receipts.get(quota.organization_id)) for quota in quotas
    ]
    return sorted(rows, key=lambda row: (row.receipt is not None, row.organization.path))
