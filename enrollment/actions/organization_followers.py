"""What of this app follows when organizations merge, split or end: seats, transfers, follow-ups, needs, …

Rows under way follow; what is over stays with the organization it was done in. Locks are held as
``organization_mergers`` says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Exists, F, Model, OuterRef, Q
from django.utils import timezone

from enrollment.actions.journal import note
from enrollment.actions.roles import revoke_role
from enrollment.models import (
    BranchActivity,
    ClassStatus,
    Enrollment,
    Guidance,
    NeedStatus,
    Organization,
    OrganizationContact,
    Pairing,
    PersonTransfer,
    Quota,
    RoleGrant,
    RosterColumns,
    RosterImport,
    TrainingClass,
    TrainingNeed,
    TransferState,
    User,
)
from enrollment.organization_records import (
    ACCOUNTS,
    CLASSES,
    PEOPLE,
    End,
    Follower,
    Merger,
    Split,
    register,
)

#: Classes whose quotas and nominations are under way; what is closed stays as it was.
UNDER_WAY = (ClassStatus.DRAFT, ClassStatus.NOMINATING, ClassStatus.RUNNING)
Eligible = TrainingClass.eligible_organizations.through
#: Kept with the rows in the language of the academy, as what people write is.
MERGED = "所在党组织已合并，随合并办结"
ENDED = "党组织已撤销，不再跟进"


# --- Classes under way --------------------------------------------------------------------------------------


def _hold_classes(organizations: Collection[int]) -> list[int]:
    """Lock the classes under way in which ``organizations`` have seats or are invited; their numbers."""
    named = Q(pk__in=Quota.objects.filter(organization__in=organizations).values("training_class")) | Q(
        pk__in=Eligible.objects.filter(organization__in=organizations).values("trainingclass")
    )
    classes = TrainingClass.objects.filter(named, status__in=UNDER_WAY).order_by("pk")
    return list(classes.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _merge_quotas(change: Merger) -> int:
    """Seats of the sources become seats of the target, with whoever was nominated under them."""
    numbers = _hold_classes(change.sources)
    here = Quota.objects.filter(training_class__in=numbers)
    held = {quota.training_class_id: quota for quota in here.filter(organization=change.into)}
    coming = list(here.filter(organization__in=change.sources).order_by("pk"))
    for quota in coming:
        present = held.get(quota.training_class_id)
        if present is None:
            quota.organization = change.into
            quota.save(update_fields=["organization"])
            held[quota.training_class_id] = quota
            continue
        # In the database quotas never exceed the class, nor people their quota: the one goes, then the other
        # grows, then the people come.
        people = list(Enrollment.objects.filter(quota=quota).values_list("pk", flat=True))
        present.seats += quota.seats
        quota.delete()
        present.save(update_fields=["seats"])
        Enrollment.objects.filter(pk__in=people).update(quota=present)
    return len(coming) + _invite(change.sources, change.into, numbers, goes=True)


def _invite(sources: Collection[int], into: Organization, classes: Collection[int], *, goes: bool) -> int:
    """Classes that were for ``sources`` alone are for ``into``, too (or, where it ``goes``, instead)."""
    rows = Eligible.objects.filter(organization__in=sources, trainingclass__in=classes)
    wanted = set(rows.values_list("trainingclass", flat=True))
    present = Eligible.objects.filter(organization=into, trainingclass__in=wanted)
    missing = wanted - set(present.values_list("trainingclass", flat=True))
    Eligible.objects.bulk_create(Eligible(trainingclass_id=pk, organization_id=into.pk) for pk in missing)
    if goes:
        rows.delete()
    return len(wanted)


def _split_classes(change: Split) -> int:
    """Seats stay with the old one; a class that was for it is for the new one, too."""
    numbers = _hold_classes([change.old.pk])
    return _invite([change.old.pk], change.new, numbers, goes=False)


def _end_quotas(change: End) -> int:
    """Seats go back to the class; who was nominated under them keeps the place, under nobody's seats.

    A class that was for this organization alone would be for everybody without it: there it stays named.
    """
    numbers = _hold_classes([change.organization.pk])
    quotas = Quota.objects.filter(training_class__in=numbers, organization=change.organization)
    Enrollment.objects.filter(quota__in=quotas).update(quota=None)
    number, _by_model = quotas.delete()
    others = Eligible.objects.filter(trainingclass=OuterRef("trainingclass")).exclude(pk=OuterRef("pk"))
    invited = Eligible.objects.filter(Exists(others), organization=change.organization)
    keys = list(invited.filter(trainingclass__in=numbers).values_list("pk", flat=True))
    Eligible.objects.filter(pk__in=keys).delete()
    return number + len(keys)


# --- People on their way ------------------------------------------------------------------------------------


def _merge_transfers(change: Merger) -> int:
    """Who is on the way goes on to or from the target; between two that merge, the merger is the answer."""
    waiting = PersonTransfer.objects.open().filter(
        Q(from_organization__in=change.sources) | Q(to_organization__in=change.sources)
    )
    rows = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    into, sources = change.into.pk, set(change.sources)
    for row in rows:
        source = into if row.from_organization_id in sources else row.from_organization_id
        target = into if row.to_organization_id in sources else row.to_organization_id
        if source == target:
            _answer(row, change.actor)
            continue
        row.from_organization_id, row.to_organization_id = source, target
        row.save(update_fields=["from_organization", "to_organization"])
    return len(rows)


def _answer(row: PersonTransfer, actor: User | None) -> None:
    row.state, row.answer = TransferState.WITHDRAWN, MERGED
    row.answered_by, row.answered_at = actor, timezone.now()
    row.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    note(row.trainee, "enrollment.transfer.withdraw", actor=actor, data={"transfer": row.pk})


def _split_transfers(change: Split) -> int:
    """Who goes to the new organization is handed over by it."""
    return (
        PersonTransfer.objects.open()
        .filter(from_organization=change.old, trainee__in=change.people)
        .update(from_organization=change.new)
    )


# --- What waits for somebody --------------------------------------------------------------------------------


def _merge_activities(change: Merger) -> int:
    """What waits for approval or a check is answered for by the target; what is decided stays."""
    rows = BranchActivity.objects.filter(organization__in=change.sources).waiting()
    return rows.update(organization=change.into)


def _merge_imports(change: Merger) -> int:
    """Rosters that wait for somebody wait at the target. One that is being applied finds the source gone."""
    waiting = (RosterImport.Status.READING, RosterImport.Status.COLUMNS, RosterImport.Status.READY)
    rows = RosterImport.objects.filter(organization__in=change.sources, status__in=waiting)
    # Whoever applies one holds it and waits for organizations: it is passed over, never waited for.
    keys = list(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
    return RosterImport.objects.filter(pk__in=keys).update(organization=change.into)


def _merge_columns(change: Merger) -> int:
    """What was said of columns is remembered at the target, unless it has said something itself."""
    known = set(RosterColumns.objects.filter(organization=change.into).values_list("digest", flat=True))
    moving = []
    for row in RosterColumns.objects.filter(organization__in=change.sources).order_by("-chosen_at", "-pk"):
        if row.digest not in known:
            known.add(row.digest)
            moving.append(row.pk)
    return RosterColumns.objects.filter(pk__in=moving).update(organization=change.into)


def _split_columns(change: Split) -> int:
    """The new organization goes on with what the old one said of its columns."""
    rows = RosterColumns.objects.filter(organization=change.old)
    made = RosterColumns.objects.bulk_create(
        RosterColumns(
            organization=change.new,
            digest=row.digest,
            headings=row.headings,
            told=row.told,
            chosen_by_id=row.chosen_by_id,
            chosen_at=row.chosen_at,
        )
        for row in rows
    )
    return len(made)


def _end_columns(change: End) -> int:
    return RosterColumns.objects.filter(organization=change.organization).delete()[0]


def _merge_guidance(change: Merger) -> int:
    """Open follow-ups go on at the target; where no service group looks after it, that of a source does."""
    rows = Guidance.objects.open().filter(organization__in=change.sources)
    if change.into.service_group_id is None:
        groups = Organization.objects.filter(pk__in=change.sources, service_group__isnull=False)
        Organization.objects.filter(pk=change.into.pk).update(
            service_group=groups.order_by("pk").values_list("service_group", flat=True).first()
        )
    return rows.update(organization=change.into)


def _end_guidance(change: End) -> int:
    """Nobody is there to follow up with: settled on the day, or on that of the visit where it came later."""
    rows = Guidance.objects.open().filter(organization=change.organization)
    late = rows.filter(held_on__gt=change.on).update(settled_on=F("held_on"), settlement=ENDED)
    return late + rows.update(settled_on=change.on, settlement=ENDED)


def _merge_needs(change: Merger) -> int:
    rows = TrainingNeed.objects.filter(organization__in=change.sources, status=NeedStatus.OPEN)
    return rows.update(organization=change.into)


# --- What the organization has ------------------------------------------------------------------------------


def _merge_pairings(change: Merger) -> int:
    """Pairings that hold go on with the target; one it has already, or would have with itself, ends."""
    held = Pairing.objects.filter(ends_on__isnull=True)
    into, sources = change.into.pk, set(change.sources)
    both: set[tuple[int, int | None]] = set(
        held.filter(organization=into, partner__isnull=False).values_list("organization", "partner")
    )
    both |= set(held.filter(partner=into).values_list("organization", "partner"))
    begun: set[tuple[int, int | None, dt.date]] = set(
        Pairing.objects.filter(Q(organization=into) | Q(partner=into), partner__isnull=False).values_list(
            "organization", "partner", "starts_on"
        )
    )
    outside = Pairing.objects.filter(organization=into, partner__isnull=True)
    with_outsiders = set(outside.filter(ends_on__isnull=True).values_list("partner_name", flat=True))
    begun_outside = set(outside.values_list("partner_name", "starts_on"))
    rows = list(held.filter(Q(organization__in=sources) | Q(partner__in=sources)).order_by("pk"))
    for row in rows:
        pair = (
            into if row.organization_id in sources else row.organization_id,
            into if row.partner_id in sources else row.partner_id,
        )
        if row.partner_id is None:
            doubled = row.partner_name in with_outsiders or (row.partner_name, row.starts_on) in begun_outside
        else:
            doubled = pair[0] == pair[1] or pair in both or (*pair, row.starts_on) in begun
        if doubled:
            row.ends_on = max(change.on, row.starts_on)
        else:
            row.organization_id, row.partner_id = pair
            if row.partner_id is None:
                with_outsiders.add(row.partner_name)
                begun_outside.add((row.partner_name, row.starts_on))
            else:
                both.add(pair)
                begun.add((*pair, row.starts_on))
        row.save(update_fields=["organization", "partner", "ends_on"])
    return len(rows)


def _end_pairings(change: End) -> int:
    here = Q(organization=change.organization) | Q(partner=change.organization)
    return _end_on(Pairing, here, change)


def _merge_contacts(change: Merger) -> int:
    """A role of the “five ones” that nobody has at the target is taken over; the others end."""
    there = OrganizationContact.objects.filter(organization=change.into)
    held = set(there.filter(ends_on__isnull=True).values_list("role", flat=True))
    begun = set(there.values_list("role", "starts_on"))
    rows = list(
        OrganizationContact.objects.filter(organization__in=change.sources, ends_on__isnull=True).order_by(
            "pk"
        )
    )
    for row in rows:
        if row.role in held or (row.role, row.starts_on) in begun:
            row.ends_on = max(change.on, row.starts_on)
        else:
            held.add(row.role)
            row.organization = change.into
        row.save(update_fields=["organization", "ends_on"])
    return len(rows)


def _end_contacts(change: End) -> int:
    return _end_on(OrganizationContact, Q(organization=change.organization), change)


def _end_on(model: type[Model], here: Q, change: End) -> int:
    """End what still holds: on the day, or on its first where that came later."""
    rows = model._default_manager.filter(here, ends_on__isnull=True)
    late = rows.filter(starts_on__gt=change.on).update(ends_on=F("starts_on"))
    return late + rows.update(ends_on=change.on)


def _revoke_all(organizations: Collection[int], actor: User | None) -> int:
    """Roles end with the organization they were for, with a line in the log each."""
    grants = RoleGrant.objects.filter(organization__in=organizations).select_related("user", "organization")
    rows = list(grants.order_by("user", "pk"))
    for grant in rows:
        revoke_role(user=grant.user, role=grant.role, organization=grant.organization, actor=actor)
    return len(rows)


def register_followers() -> None:
    """Take part when organizations change."""
    register(
        Follower(
            "quotas",
            CLASSES,
            Quota._meta.verbose_name_plural or "",
            [(Quota, "organization"), (Eligible, "organization")],
            merged=_merge_quotas,
            split=_split_classes,
            ended=_end_quotas,
        ),
        Follower(
            "activities",
            CLASSES - 10,
            BranchActivity._meta.verbose_name_plural or "",
            [(BranchActivity, "organization")],
            merged=_merge_activities,
        ),
        Follower(
            "transfers",
            PEOPLE + 10,
            PersonTransfer._meta.verbose_name_plural or "",
            [(PersonTransfer, "from_organization"), (PersonTransfer, "to_organization")],
            merged=_merge_transfers,
            split=_split_transfers,
        ),
        Follower(
            "imports",
            PEOPLE + 11,
            RosterImport._meta.verbose_name_plural or "",
            [(RosterImport, "organization")],
            merged=_merge_imports,
        ),
        Follower(
            "columns",
            PEOPLE + 12,
            RosterColumns._meta.verbose_name_plural or "",
            [(RosterColumns, "organization")],
            merged=_merge_columns,
            split=_split_columns,
            ended=_end_columns,
        ),
        Follower(
            "guidance",
            PEOPLE + 13,
            Guidance._meta.verbose_name_plural or "",
            [(Guidance, "organization")],
            merged=_merge_guidance,
            ended=_end_guidance,
        ),
        Follower(
            "needs",
            PEOPLE + 14,
            TrainingNeed._meta.verbose_name_plural or "",
            [(TrainingNeed, "organization")],
            merged=_merge_needs,
        ),
        Follower(
            "pairings",
            PEOPLE + 15,
            Pairing._meta.verbose_name_plural or "",
            [(Pairing, "organization"), (Pairing, "partner")],
            merged=_merge_pairings,
            ended=_end_pairings,
        ),
        Follower(
            "contacts",
            PEOPLE + 16,
            OrganizationContact._meta.verbose_name_plural or "",
            [(OrganizationContact, "organization")],
            merged=_merge_contacts,
            ended=_end_contacts,
        ),
        Follower(
            "roles",
            ACCOUNTS,
            RoleGrant._meta.verbose_name_plural or "",
            [(RoleGrant, "organization")],
            merged=lambda change: _revoke_all(change.sources, change.actor),
            ended=lambda change: _revoke_all([change.organization.pk], change.actor),
        ),
    )
