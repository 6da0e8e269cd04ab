"""Importing a roster: receive the file, judge every row, and apply what was confirmed, all or nothing.

A verdict is kept with the import. Applying judges again under the lock: if what would be written is no
longer what was shown, nothing is written and the new verdict is kept instead.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from wagtail.log_actions import registry as log_registry

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.actions.people import (
    CHUNK,
    Admission,
    Amendment,
    admit_in_bulk,
    amend_in_bulk,
    lock_organizations,
)
from enrollment.actions.roster_missing import kept_marks, let_leave, missing_from
from enrollment.actions.standings import lock_many
from enrollment.models import Organization, RosterImport, Trainee, User
from enrollment.roster import lookup, messages
from enrollment.roster.reader import Glance, SheetRow, glance_at, open_roster
from enrollment.roster.verdict import counts_of, identity_places, raw_texts, row_from_data, row_to_data
from enrollment.rules.roster import (
    Column,
    Fault,
    Header,
    Judged,
    Outcome,
    Person,
    Problem,
    Row,
    judge,
    read_row,
)
from enrollment.rules.roster.mapping import shortfalls

logger = logging.getLogger(__name__)
Progress = Callable[[int], None]
Status = RosterImport.Status
PROGRESS_EVERY = 1000
#: States in which an import may be applied: a worker killed while applying left nothing behind.
APPLICABLE = frozenset({Status.READY, Status.APPLYING})


def identity_digest(number: str) -> str:
    """Salted digest of an identity number: finds the same person again and tells nothing else (domain §7)."""
    return hmac.new(settings.IDENTITY_PEPPER.encode(), number.encode(), hashlib.sha256).hexdigest()


# --- Judging -------------------------------------------------------------------------------------


def verdict_on(
    file: IO[bytes],
    *,
    organization: Organization | None,
    actor: User | None,
    progress: Progress | None = None,
    header_row: int | None = None,
) -> dict[str, Any]:
    """Read and judge the roster in ``file``, its columns as they are remembered; writes nothing.

    Raises:
        Refused: the file cannot be read, or has no people in it.
    """
    _check_reach(organization, actor)
    raw_rows: list[SheetRow] = []
    remembered = lookup.remembered_columns(organization, actor)
    with open_roster(file, remembered=remembered, header_row=header_row) as sheet:
        header, title, notes = sheet.header, sheet.title, list(sheet.notes)
        lacking = shortfalls(header.columns.values(), has_default_organization=organization is not None)
        if lacking:
            raise Refused(*(messages.lack(one) for one in lacking))
        for row in sheet.rows:
            raw_rows.append(row)
            if progress and len(raw_rows) % PROGRESS_EVERY == 0:
                progress(len(raw_rows))
    if not raw_rows:
        raise Refused(messages.file_reason("no_people"))
    today = timezone.localdate()
    rows = _read_rows(raw_rows, organization=organization, actor=actor, today=today)
    verdicts = judge(rows, lookup.stored_people([row.person for row in rows], actor=actor))
    if header.where(Column.IDENTITY) is not None:
        notes.append("identity_forgotten")
    return {
        "sheet": title,
        "columns": _columns(header),
        "columns_told": header.is_told,
        "holds_identity": bool(identity_places(header)),
        "notes": notes,
        "counts": counts_of(verdicts),
        "missing": missing_from(verdicts, actor=actor),
        "rows": [
            row_to_data(judged, raw_texts(raw.raw, header) if judged.outcome is Outcome.ERROR else None)
            for judged, raw in zip(verdicts, raw_rows, strict=True)
        ],
    }


def _columns(header: Header, examples: Mapping[int, list[str]] | None = None) -> list[dict[str, Any]]:
    """Every column of the sheet: its title, what it was understood to be, and examples if given."""
    return [
        {
            "title": header.titles.get(place, ""),
            "field": str(header.columns.get(place, "")),
            "examples": (examples or {}).get(place, []),
        }
        for place in range(max(header.titles, default=0) + 1)
    ]


def _question(glance: Glance, *, asked: bool, has_default: bool) -> dict[str, Any] | None:
    """What a person must say before the rows can be read; None when the columns are clear."""
    header = glance.header
    lacking = shortfalls(header.columns.values(), has_default_organization=has_default)
    if not lacking and (header.is_told or (glance.is_named and not asked)):
        return None
    return {
        "columns": _columns(header, glance.examples),
        "columns_told": header.is_told,
        "is_named": glance.is_named,
        "header_row": header.row,
        "choices": [list(choice) for choice in glance.choices],
        "lacks": [[str(one.lack), str(one.column or "")] for one in lacking],
    }


def _check_reach(organization: Organization | None, actor: User | None) -> None:
    reach = lookup.organizations_in_reach(organization, actor)
    if actor is not None and not reach.exists():
        raise Refused(messages.file_reason("organization_not_yours"))


def _read_rows(
    raw_rows: Iterable[SheetRow], *, organization: Organization | None, actor: User | None, today: dt.date
) -> list[Row]:
    raw_rows = list(raw_rows)
    names = {str(cell) for raw in raw_rows if (cell := raw.cells.get(Column.ORGANIZATION)) not in (None, "")}
    known, dissolved = lookup.organizations_named(names, organization=organization, actor=actor)
    return [
        read_row(
            raw.number,
            raw.cells,
            organizations=known,
            dissolved=dissolved,
            default_organization=organization.pk if organization else None,
            today=today,
            digest=identity_digest,
            without_value=raw.without_value,
        )
        for raw in raw_rows
    ]


def _judge_again(
    data: Iterable[Mapping[str, Any]], *, organization: Organization | None, actor: User | None
) -> list[Judged]:
    """The verdict on rows already read, against the roster as it is now."""
    rows = [row_from_data(item) for item in data]
    wanted = {row.person.organization_id for row in rows if row.person.organization_id is not None}
    open_now = lookup.still_open(wanted, organization=organization, actor=actor)
    names = lookup.names_of(wanted - open_now)
    checked = [
        row
        if row.problems or row.person.organization_id in open_now
        else Row(
            row.number,
            row.person,
            (
                Problem(
                    Column.ORGANIZATION,
                    Fault.DISSOLVED_ORGANIZATION,
                    {"value": names.get(row.person.organization_id or 0, "")},
                ),
            ),
        )
        for row in rows
    ]
    return judge(checked, lookup.stored_people([row.person for row in checked], actor=actor))


# --- An import, step by step ---------------------------------------------------------------------


def receive_roster(
    *, file: IO[bytes], organization: Organization | None, actor: User | None, name: str = ""
) -> RosterImport:
    """Keep ``file`` to be read in the background.

    Raises:
        Refused: the actor looks after none of these organizations.
    """
    _check_reach(organization, actor)
    file_name = Path(name or getattr(file, "name", "") or "roster").name
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    roster_import = RosterImport(
        organization=organization,
        file_name=file_name[-200:],
        file_digest=digest,
        uploaded_by=actor,
        status=Status.READING,
    )
    # The name on disk is ours: what people call a file is shown, never used as a path.
    suffix = (
        ".xlsx"
        if file_name.lower().endswith(".xlsx")
        else ".csv"
        if file_name.lower().endswith(".csv")
        else ".dat"
    )
    roster_import.file.save(f"{digest[:16]}{suffix}", File(file), save=False)
    roster_import.save()
    note(roster_import, "enrollment.roster.receive", actor=actor, data={"file": file_name, "digest": digest})
    return roster_import


def judge_roster(*, roster_import: RosterImport) -> RosterImport:
    """Read and judge a received file; what it says is kept with the import. Judging twice is harmless."""
    if roster_import.status != Status.READING:
        return roster_import
    rows = RosterImport.objects.filter(pk=roster_import.pk, status=Status.READING)

    def progressed(done: int) -> None:
        rows.update(verdict={"progress": done})

    organization, actor = roster_import.organization, roster_import.uploaded_by
    asked = roster_import.header_row
    try:
        with roster_import.file.open("rb") as file:
            remembered = lookup.remembered_columns(organization, actor)
            glance = glance_at(file, remembered=remembered, header_row=asked)
            question = _question(glance, asked=asked is not None, has_default=organization is not None)
            if question is not None:
                rows.update(status=Status.COLUMNS, verdict=question, error="")
                roster_import.refresh_from_db()
                return roster_import
            verdict = verdict_on(
                file, organization=organization, actor=actor, progress=progressed, header_row=asked
            )
            verdict["columns"] = _columns_with(verdict["columns"], glance)
    except Refused as refused:
        rows.update(status=Status.FAILED, error=refused.sentence[:300], verdict={})
        roster_import.refresh_from_db()
        return roster_import
    except FileNotFoundError:
        rows.update(status=Status.FAILED, error=str(messages.FILE["broken"]), verdict={})
        roster_import.refresh_from_db()
        return roster_import
    changed = rows.update(status=Status.READY, verdict=verdict, error="")
    roster_import.refresh_from_db()
    if changed and verdict["holds_identity"]:
        _forget_file(roster_import)
    return roster_import


def read_roster(
    *, file: IO[bytes], organization: Organization | None, actor: User | None, name: str = ""
) -> RosterImport:
    """Receive and judge in one step, for commands and small files; its status tells the outcome."""
    return judge_roster(
        roster_import=receive_roster(file=file, organization=organization, actor=actor, name=name)
    )


def begin_applying(*, roster_import: RosterImport, actor: User | None) -> bool:
    """Mark an import as being applied, so that its page shows it; False when it has been applied already.

    Raises:
        Refused: it is not waiting for confirmation.
    """
    with transaction.atomic():
        locked = RosterImport.objects.select_for_update().defer("verdict").get(pk=roster_import.pk)
        if locked.status == Status.APPLIED:
            return False
        if locked.status not in APPLICABLE:
            raise Refused(messages.file_reason("not_ready"))
        RosterImport.objects.filter(pk=locked.pk).update(status=Status.APPLYING, error="")
    return True


def apply_roster(*, roster_import: RosterImport, actor: User | None) -> RosterImport:
    """Write everything the verdict shows as new or changed, in one transaction. Applying twice is once.

    Raises:
        Refused: ``roster_not_ready``; ``roster_data_changed`` when people have changed since the preview and
            something else would be written: nothing is saved and the new verdict is kept.
    """
    try:
        with transaction.atomic():
            stale = _apply_locked(roster_import.pk, actor)
    except IntegrityError:
        # Somebody else wrote a phone or an identity between our reading and our writing.
        stale = _fresh_verdict(RosterImport.objects.get(pk=roster_import.pk))
    except Refused as refused:
        current = RosterImport.objects.get(pk=roster_import.pk)
        if current.status not in APPLICABLE:
            raise
        stale = _fresh_verdict(current)
        if stale["rows"] == current.verdict["rows"]:
            # The people actions know a reason that a preview cannot show.
            RosterImport.objects.filter(pk=current.pk, status__in=APPLICABLE).update(
                status=Status.READY, error=refused.sentence[:300]
            )
            raise
    if stale is not None:
        refusal = messages.file_reason("data_changed")
        RosterImport.objects.filter(pk=roster_import.pk, status__in=APPLICABLE).update(
            status=Status.READY, verdict=stale, error=str(refusal)[:300]
        )
        raise Refused(refusal)
    roster_import.refresh_from_db()
    return roster_import


def _apply_locked(pk: int, actor: User | None) -> dict[str, Any] | None:
    """Apply the import; return the new verdict, with nothing written, if the one shown no longer holds."""
    locked = RosterImport.objects.select_for_update().get(pk=pk)
    if locked.status == Status.APPLIED:
        return None
    if locked.status not in APPLICABLE:
        raise Refused(messages.file_reason("not_ready"))
    shown = locked.verdict["rows"]
    verdicts = _judge_again(shown, organization=locked.organization, actor=locked.uploaded_by)
    if any(not _holds(item, judged) for item, judged in zip(shown, verdicts, strict=True)):
        return _judged_anew(locked, verdicts)
    _keep_tails(shown, verdicts)
    # Admitting and amending lock people and figures; organizations stand to their left, so all of them first.
    named = [judged.row.person.organization_id for judged in verdicts]
    lock_organizations(number for number in named if number is not None)
    # Then everybody at once: those who change and those who leave are taken one after the other below.
    changing = [judged.trainee_id for judged in verdicts if judged.outcome is Outcome.CHANGED]
    lock_many(number for number in [*changing, *locked.verdict.get("leaving", ())] if number is not None)
    admitted = admit_in_bulk(
        rows=(_admission(judged.row.person) for judged in verdicts if judged.outcome is Outcome.NEW),
        actor=actor,
    )
    changed = [judged for judged in verdicts if judged.outcome is Outcome.CHANGED]
    for start in range(0, len(changed), CHUNK):
        # As many at a time as the action takes: a whole roster of people is never held.
        amend_in_bulk(changes=map(_amendment, changed[start : start + CHUNK]), actor=actor)
    # Who came of which row, so that the import can be taken back.
    new = iter(admitted)
    for item, judged in zip(shown, verdicts, strict=True):
        if judged.outcome is Outcome.NEW:
            item["trainee"] = next(new).pk
        elif item["outcome"] != judged.outcome:
            # Somebody else wrote the same meanwhile: it is not this import's to take back.
            item["written_by_others"] = True
    locked.status, locked.applied_at, locked.error = Status.APPLIED, timezone.now(), ""
    left = let_leave(locked.verdict, verdicts, actor=actor)
    for column in locked.verdict.get("columns", ()):
        column.pop("examples", None)
    locked.verdict["applied"] = {"new": len(admitted), "changed": len(changed), "left": left}
    locked.save(update_fields=["status", "applied_at", "error", "verdict"])
    note(locked, "enrollment.roster.apply", actor=actor, data=locked.verdict["applied"])
    return None


def _keep_tails(shown: Iterable[dict[str, Any]], verdicts: Iterable[Judged]) -> None:
    """Remember the last four of identity numbers that are about to be replaced; a digest shows none."""
    replaced = {
        judged.trainee_id: item
        for item, judged in zip(shown, verdicts, strict=True)
        if judged.outcome is Outcome.CHANGED and "identity_digest" in judged.changes
    }
    for batch in lookup.chunks(replaced):
        for pk, tail in Trainee.objects.filter(pk__in=batch).values_list("pk", "identity_tail"):
            replaced[pk]["identity_tail_before"] = tail


def _holds(shown: Mapping[str, Any], now: Judged) -> bool:
    """Whether a row may be written as it was shown; that somebody else already wrote the same is fine."""
    if shown["outcome"] not in (Outcome.NEW, Outcome.CHANGED) or now.outcome is Outcome.UNCHANGED:
        return now.outcome not in (Outcome.NEW, Outcome.CHANGED)
    changes = {name: list(pair) for name, pair in now.changes.items()}
    return bool(shown["outcome"] == now.outcome and shown.get("changes", {}) == changes)


def _judged_anew(roster_import: RosterImport, verdicts: list[Judged]) -> dict[str, Any]:
    """The import's verdict with its rows judged anew, and whom the file leaves out now."""
    old = roster_import.verdict
    rows = [
        row_to_data(judged, raw=item.get("raw")) for judged, item in zip(verdicts, old["rows"], strict=True)
    ]
    missing = missing_from(verdicts, actor=roster_import.uploaded_by)
    return {
        **old,
        "counts": counts_of(verdicts),
        "rows": rows,
        "missing": missing,
        "leaving": kept_marks(old, missing),
    }


def _fresh_verdict(roster_import: RosterImport) -> dict[str, Any]:
    verdicts = _judge_again(
        roster_import.verdict["rows"],
        organization=roster_import.organization,
        actor=roster_import.uploaded_by,
    )
    return _judged_anew(roster_import, verdicts)


def _day(text: str | None) -> dt.date | None:
    """An ISO date; a month is kept as its first day."""
    if not text:
        return None
    return dt.date.fromisoformat(text if len(text) == 10 else f"{text}-01")


def _admission(person: Person) -> Admission:
    told = person.told()
    for name in ("born_on", "joined_on"):
        told[name] = _day(told.get(name))
    return Admission(**told)


def _amendment(judged: Judged) -> Amendment:
    details: dict[str, Any] = {name: said for name, (_known, said) in judged.changes.items()}
    post, organization_id = details.pop("post", None), details.pop("organization_id", None)
    for name in ("born_on", "joined_on"):
        if name in details:
            details[name] = _day(details[name])
    if "identity_digest" in details:
        details["identity_tail"] = judged.row.person.identity_tail or ""
    return Amendment(
        trainee_id=judged.trainee_id or 0, details=details, post=post, organization_id=organization_id
    )


def discard_roster(*, roster_import: RosterImport, actor: User | None) -> RosterImport:
    """Drop an import that will not be applied, and its file. An applied one stays as it is."""
    with transaction.atomic():
        locked = RosterImport.objects.select_for_update().defer("verdict").get(pk=roster_import.pk)
        if locked.status in (Status.APPLIED, Status.DISCARDED):
            roster_import.refresh_from_db()
            return roster_import
        RosterImport.objects.filter(pk=locked.pk).update(status=Status.DISCARDED, verdict={})
        note(locked, "enrollment.roster.discard", actor=actor)
    roster_import.refresh_from_db()
    _forget_file(roster_import)
    return roster_import


def _columns_with(columns: list[dict[str, Any]], glance: Glance) -> list[dict[str, Any]]:
    """``columns`` with examples, which are kept until the import is applied."""
    return [{**column, "examples": glance.examples.get(place, [])} for place, column in enumerate(columns)]


def _forget_file(roster_import: RosterImport) -> None:
    """Remove the uploaded file; the verdict holds what is needed."""
    if roster_import.file:
        roster_import.file.delete(save=False)
        RosterImport.objects.filter(pk=roster_import.pk).update(file="")


# --- In one go -----------------------------------------------------------------------------------


def import_file(
    source: str | Path | IO[bytes],
    *,
    organization: Organization | None = None,
    actor: User | None = None,
    name: str = "",
) -> RosterImport:
    """Read, judge and apply a roster without a pause for confirmation (the command, the demo academy).

    Rows with errors are left out and named in the import's verdict.

    Raises:
        Refused: the file is missing or cannot be read.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            with path.open("rb") as file:
                return import_file(file, organization=organization, actor=actor, name=name or path.name)
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            raise Refused(messages.file_reason("missing", path=str(source))) from None
    roster_import = read_roster(file=source, organization=organization, actor=actor, name=name)
    if roster_import.status == Status.FAILED:
        raise Refused(messages.file_refusal(roster_import.error))
    if roster_import.status == Status.COLUMNS:
        # Nobody is there to be asked.
        question = roster_import.verdict
        discard_roster(roster_import=roster_import, actor=actor)
        if question["is_named"] and question["lacks"]:
            raise Refused(*messages.lacks(question["lacks"]))
        raise Refused(messages.file_reason("no_header"))
    return apply_roster(roster_import=roster_import, actor=actor)


for _action, _label, _sentence in messages.LOG_ACTIONS:
    log_registry.register_action(_action, _label, _sentence)
