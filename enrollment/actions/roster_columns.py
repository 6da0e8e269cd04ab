"""What the columns of a roster hold: said once, remembered for an organization, forgotten on demand."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import RosterColumns, RosterImport, User
from enrollment.roster import lookup, messages
from enrollment.rules.roster import Column
from enrollment.rules.roster.columns import HEADER_WITHIN
from enrollment.rules.roster.mapping import Lack, Shortfall, digest_of, headings, shortfalls

Status = RosterImport.Status
#: An import whose columns may still be told: nothing of it has been written.
OPEN = frozenset({Status.COLUMNS, Status.READY})


def _waiting(pk: int) -> RosterImport:
    """The import, locked, if its columns may be told."""
    locked = RosterImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if locked.status == Status.READING:
        raise Refused(messages.file_reason("columns_taken"))
    if locked.status not in OPEN:
        raise Refused(messages.file_reason("not_ready"))
    return locked


def choose_columns(*, roster_import: RosterImport, told: Mapping[int, str], actor: User) -> bool:
    """Remember what each column holds (place → column; the others are left out), and read the file again.

    Returns whether the file is read again; False when it held identity numbers and was removed, so that it
    must be sent anew.

    Raises:
        Refused: ``roster_columns_without_name``, ``…_without_organization``, ``…_told_twice`` or
            ``…_of_another_file``; ``roster_not_ready`` when the import is past that.
    """
    with transaction.atomic():
        locked = _waiting(roster_import.pk)
        titles = {place: column["title"] for place, column in enumerate(locked.verdict.get("columns", ()))}
        named = headings(titles)
        if not told.keys() <= named.keys() or not set(told.values()) <= set(Column):
            raise Refused(messages.lack(Shortfall(Lack.OTHER_HEADINGS)))
        columns = {place: Column(name) for place, name in told.items()}
        lacking = shortfalls(columns.values(), has_default_organization=locked.organization_id is not None)
        if lacking:
            raise Refused(*(messages.lack(one) for one in lacking))
        keeper = lookup.columns_kept_by(locked.organization, locked.uploaded_by)
        if keeper is None:
            raise Refused(messages.file_reason("organization_not_yours"))
        RosterColumns.objects.update_or_create(
            organization=keeper,
            digest=digest_of(titles),
            defaults={
                "headings": [titles[place] for place in named],
                "told": {named[place]: str(column) for place, column in columns.items()},
                "chosen_by": actor,
            },
        )
        has_file = bool(locked.file)
        RosterImport.objects.filter(pk=locked.pk).update(
            status=Status.READING if has_file else Status.FAILED,
            verdict={},
            error="" if has_file else str(messages.FILE["send_again"])[:300],
        )
        note(locked, "enrollment.roster.columns", actor=actor, data={"organization": keeper.pk})
    roster_import.refresh_from_db()
    return has_file


def look_at_row(*, roster_import: RosterImport, row: int, actor: User) -> None:
    """Take ``row`` (from 1) for the header of a roster that waits for its columns, and read it again.

    Raises:
        Refused: ``roster_no_such_row``, or the import does not wait for its columns.
    """
    if not 1 <= row <= HEADER_WITHIN:
        raise Refused(messages.file_reason("no_such_row"))
    with transaction.atomic():
        locked = _waiting(roster_import.pk)
        if locked.status != Status.COLUMNS:
            raise Refused(messages.file_reason("not_ready"))
        RosterImport.objects.filter(pk=locked.pk).update(
            status=Status.READING, header_row=row, verdict={}, error=""
        )
    roster_import.refresh_from_db()


def forget_columns(*, columns: RosterColumns, actor: User) -> None:
    """The next roster with these headings is understood by them alone. Forgetting twice is harmless."""
    with transaction.atomic():
        deleted, _by_model = RosterColumns.objects.filter(pk=columns.pk).delete()
        if deleted:
            note(
                columns.organization,
                "enrollment.roster.forget_columns",
                actor=actor,
                data={"headings": columns.headings},
            )
