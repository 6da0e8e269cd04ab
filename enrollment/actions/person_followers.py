"""What of this app goes along when two records become one: posts, classes, records of branch life,
accounts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q

from cms.refusals import Reason
from enrollment.actions.classes import seat_plan
from enrollment.actions.roles import synchronize_groups
from enrollment.models import (
    SEATED_STATUSES,
    STANDING_CLAIMS,
    Appointment,
    BranchActivity,
    Certificate,
    ClaimStatus,
    ClassStatus,
    CorrectionRequest,
    CorrectionStatus,
    Enrollment,
    EnrollmentStatus,
    Exemption,
    ExternalTraining,
    Guide,
    HourAdjustment,
    Invitation,
    Message,
    PersonTransfer,
    RoleGrant,
    TrainingClass,
    User,
    UserSession,
)
from enrollment.person_records import Follower, Merging, Pair, Part, Undoing, register
from enrollment.roster_changes import announce
from enrollment.rules import person_mergers as rules
from enrollment.rules.person_mergers import Days
from enrollment.rules.transfers import UNSETTLED

#: Places in the order of locks (docs/locking.md).
CLASSES, SESSIONS, LESSONS, PEOPLE = 20, 30, 40, 50

Attendees = BranchActivity.attendees.through


# --- Posts and exemptions -----------------------------------------------------------------------------------


def _move_posts(merging: Merging) -> None:
    """One line of posts: the chosen record's, and the days of the other's beside them."""
    pair = merging.pair
    held = {row.pk: row for row in Appointment.objects.filter(trainee__in=pair.people)}
    days: dict[int, list[Days]] = {pk: [] for pk in pair.people}
    for row in held.values():
        days[row.trainee_id].append(Days(row.pk, row.started_on, row.ended_on))
    chosen, other = pair.keeper_id, pair.other_id
    if "post" in merging.taking:
        chosen, other = other, chosen
    remaining = rules.timeline(days[chosen], days[other])
    made: list[Appointment] = []
    for key, pieces in remaining.items():
        row = held[key]
        if not pieces:
            row.delete()
            continue
        first, *others = pieces
        # What ends goes first: only one post of a person is without an end.
        Appointment.objects.filter(pk=key).update(started_on=first.starts_on, ended_on=first.ends_on)
        made += [
            Appointment(
                trainee_id=pair.keeper_id,
                organization_id=row.organization_id,
                post=row.post,
                cohort=row.cohort,
                on_committee=row.on_committee,
                started_on=piece.starts_on,
                ended_on=piece.ends_on,
            )
            for piece in others
        ]
    Appointment.objects.filter(trainee=pair.other_id).update(trainee=pair.keeper_id)
    Appointment.objects.bulk_create(made)
    _move_exemptions(pair)


def _move_exemptions(pair: Pair) -> None:
    """Days that both records exempt are exempt once: the other's remain on the days beside."""
    held = {row.pk: row for row in Exemption.objects.filter(trainee__in=pair.people)}
    days: dict[int, list[Days]] = {pk: [] for pk in pair.people}
    for row in held.values():
        days[row.trainee_id].append(Days(row.pk, row.starts_on, row.ends_on))
    made: list[Exemption] = []
    for key, pieces in rules.timeline(days[pair.keeper_id], days[pair.other_id]).items():
        row = held[key]
        if not pieces:
            row.delete()
            continue
        first, *others = pieces
        Exemption.objects.filter(pk=key).update(starts_on=first.starts_on, ends_on=first.ends_on)
        made += [
            Exemption(
                trainee_id=pair.keeper_id,
                ground=row.ground,
                reason=row.reason,
                starts_on=piece.starts_on,
                ends_on=piece.ends_on,
                recorded_by_id=row.recorded_by_id,
            )
            for piece in others
        ]
    Exemption.objects.filter(trainee=pair.other_id).update(trainee=pair.keeper_id)
    Exemption.objects.bulk_create(made)


# --- Classes ------------------------------------------------------------------------------------------------


def _classes_of(pair: Pair) -> Collection[int]:
    return set(Enrollment.objects.filter(trainee__in=pair.people).values_list("training_class_id", flat=True))


def _hold_classes(keys: Collection[int]) -> None:
    list(
        TrainingClass.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
    )


def _move_classes(merging: Merging) -> None:
    """Places in classes go along. Of two places in one class the further one holds, in the row that stays."""
    pair = merging.pair
    rows = Enrollment.objects.filter(trainee__in=pair.people).select_related("training_class", "certificate")
    mine = {row.training_class_id: row for row in rows if row.trainee_id == pair.keeper_id}
    theirs = [row for row in rows if row.trainee_id == pair.other_id]
    moving = [row.pk for row in theirs if row.training_class_id not in mine]
    Enrollment.objects.filter(pk__in=moving).update(trainee=pair.keeper_id)
    for row in theirs:
        if row.training_class_id in mine:
            _join_places(mine[row.training_class_id], row, merging)
        if row.status in SEATED_STATUSES:
            announce(row.training_class)


def _join_places(kept: Enrollment, gone: Enrollment, merging: Merging) -> None:
    if rules.is_further(gone.status, kept.status):
        for name in ("status", "quota_id", "group_number", "is_monitor", "is_group_leader", "waiting_since"):
            setattr(kept, name, getattr(gone, name))
        kept.save()
    if gone.has_answered_survey and not kept.has_answered_survey:
        # Both records are one person, who answers once.
        kept.has_answered_survey = True
        kept.save(update_fields=["has_answered_survey"])
    theirs: Certificate | None = getattr(gone, "certificate", None)
    if theirs is not None and getattr(kept, "certificate", None) is None:
        Certificate.objects.filter(pk=theirs.pk).update(enrollment=kept)
    elif theirs is not None and theirs.revoked_at is None:
        Certificate.objects.filter(pk=theirs.pk).update(
            revoked_at=merging.now, revoked_reason=merging.note[:200]
        )
    Enrollment.objects.filter(pk=gone.pk).update(
        status=EnrollmentStatus.WITHDRAWN,
        waiting_since=None,
        group_number=None,
        is_monitor=False,
        is_group_leader=False,
        note=merging.note[:200],
    )


def _seats_in_the_way(undoing: Undoing) -> Iterable[Reason]:
    """A place that was given up because both were in one class must still be free."""
    returning = {
        int(change["pk"]): change["before"]
        for change in undoing.of(Enrollment)
        if change["after"].get("status") == EnrollmentStatus.WITHDRAWN
        and change["before"].get("status") in SEATED_STATUSES
    }
    rows = Enrollment.objects.filter(
        pk__in=returning, training_class__status__in=[ClassStatus.NOMINATING, ClassStatus.RUNNING]
    ).select_related("training_class")
    for row in rows:
        if not seat_plan(row.training_class).take(returning[row.pk].get("quota_id", row.quota_id)):
            yield rules.seats_taken_since(row.training_class.title)


def _classes_returned(undoing: Undoing) -> None:
    keys = {int(change["pk"]) for change in undoing.of(Enrollment)}
    rows = Enrollment.objects.filter(pk__in=keys).select_related("training_class")
    for training_class in {row.training_class_id: row.training_class for row in rows}.values():
        announce(training_class)


# --- Branch life, corrections, invitations ------------------------------------------------------------------


def _open_transfers(merging: Merging) -> Iterable[Reason]:
    """Somebody on the way to another organization is not merged: what was offered must stay what it was."""
    if PersonTransfer.objects.open().filter(trainee__in=merging.pair.people).exists():
        yield UNSETTLED


def _move_records(merging: Merging) -> None:
    keeper, other = merging.pair.keeper_id, merging.pair.other_id
    PersonTransfer.objects.filter(trainee=other).update(trainee=keeper)
    attended = Attendees.objects.filter(trainee=keeper).values("branchactivity")
    theirs = Attendees.objects.filter(trainee=other)
    theirs.filter(branchactivity__in=attended).delete()
    theirs.update(trainee=keeper)
    asked = CorrectionRequest.objects.filter(trainee=other)
    if CorrectionRequest.objects.waiting().filter(trainee=keeper).exists():
        # One waits at a time: the other record's is answered with what happened.
        asked.waiting().update(
            status=CorrectionStatus.DECLINED,
            answer=merging.note,
            answered_by=merging.actor,
            answered_at=merging.now,
        )
    asked.update(trainee=keeper)
    # A code that was handed out must not open an account for the record that goes.
    Invitation.objects.filter(trainee=other, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=merging.now
    )


# --- Claims of hours ----------------------------------------------------------------------------------------


def _move_claims(merging: Merging) -> None:
    """Claims go along. The same training sent in for both records stands once, in the record that stays."""
    keeper, other = merging.pair.keeper_id, merging.pair.other_id
    standing = ExternalTraining.objects.filter(status__in=STANDING_CLAIMS)
    mine = standing.filter(trainee=keeper)
    standing.filter(trainee=other).filter(
        Q(evidence_digest__in=mine.values("evidence_digest"))
        | Exists(mine.filter(starts_at=OuterRef("starts_at"), ends_at=OuterRef("ends_at")))
    ).update(status=ClaimStatus.WITHDRAWN, withdrawn_at=merging.now, withdrawal=merging.note[:300])
    ExternalTraining.objects.filter(trainee=other).update(trainee=keeper)
    HourAdjustment.objects.filter(trainee=other).update(trainee=keeper)


# --- Accounts -----------------------------------------------------------------------------------------------


def _join_accounts(merging: Merging) -> None:
    """Of two accounts one stays; roles, duties and messages of the other go to it, and it is closed."""
    stays, closes = merging.pair.account_id, merging.pair.closing_id
    if stays is None or closes is None:
        return
    held = set(RoleGrant.objects.filter(user=stays).values_list("role", "organization_id"))
    RoleGrant.objects.filter(
        pk__in=[
            pk
            for pk, role, place in RoleGrant.objects.filter(user=closes).values_list(
                "pk", "role", "organization_id"
            )
            if (role, place) not in held
        ]
    ).update(user=stays)
    Guide.objects.filter(user=closes).update(user=stays)
    TrainingClass.objects.filter(teacher=closes).update(teacher=stays)
    known = Message.objects.filter(recipient=stays).values_list("key", flat=True)
    Message.objects.filter(recipient=closes).exclude(key__in=list(known)).update(recipient=stays)
    Invitation.objects.filter(user=closes, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=merging.now
    )
    User.objects.filter(pk=closes).update(is_active=False)
    UserSession.objects.filter(user=closes).delete()
    _follow_roles(merging.pair)


def _follow_roles(pair: Pair) -> None:
    for user in User.objects.filter(pk__in=pair.accounts).order_by("pk"):
        synchronize_groups(user=user)


def _accounts_returned(undoing: Undoing) -> None:
    if undoing.pair.closing_id is not None:
        # Whoever is signed in with the account that stays sees its own again at the next page.
        _follow_roles(undoing.pair)


def register_followers() -> None:
    """Say what of this app belongs to a person."""
    register(
        Follower(
            "posts",
            PEOPLE,
            [Part(Appointment, "trainee"), Part(Exemption, "trainee")],
            move=_move_posts,
        ),
        Follower(
            "classes",
            CLASSES,
            [
                Part(Enrollment, "trainee", settled=("status",)),
                Part(Certificate, "enrollment__trainee", settled=("revoked_at",)),
            ],
            reach=_classes_of,
            hold=_hold_classes,
            move=_move_classes,
            in_the_way=_seats_in_the_way,
            returned=_classes_returned,
        ),
        Follower(
            "records",
            PEOPLE,
            [
                Part(Attendees, "trainee"),
                Part(CorrectionRequest, "trainee", settled=("status",)),
                Part(Invitation, "trainee"),
                Part(PersonTransfer, "trainee"),
            ],
            refuse=_open_transfers,
            move=_move_records,
        ),
        Follower(
            "claims",
            PEOPLE,
            [
                Part(ExternalTraining, "trainee", settled=("status",)),
                Part(HourAdjustment, "trainee", settled=("status",)),
            ],
            move=_move_claims,
        ),
        Follower(
            "accounts",
            PEOPLE + 10,
            [
                Part(RoleGrant, "user", of_account=True),
                Part(Guide, "user", of_account=True),
                Part(TrainingClass, "teacher", of_account=True),
                Part(Message, "recipient", of_account=True),
                Part(Invitation, "user", of_account=True),
                Part(User, "pk", of_account=True),
            ],
            settle=_join_accounts,
            returned=_accounts_returned,
        ),
    )
