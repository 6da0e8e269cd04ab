"""Titles, pairings and contacts of organizations, as a table tells them: read whole, and written whole."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import DemonstrationTitle, Organization, OrganizationContact, Pairing, User
from enrollment.rules import organization_records as rules
from enrollment.rules.organization_records import Parts
from enrollment.rules.organization_table import CHANGED_SINCE

#: Rows of one kind are known by this name in ``rules.KINDS``; written in this order.
MODELS: dict[str, type[Model]] = {
    "titles": DemonstrationTitle,
    "pairings": Pairing,
    "contacts": OrganizationContact,
}
#: The fields that stand in the parts of a row; a pairing's first part is its partner.
FIELDS: dict[str, tuple[str, ...]] = {
    "titles": ("level", "awarded_on", "expires_on"),
    "pairings": ("partner", "starts_on", "ends_on", "note"),
    "contacts": ("role", "name", "unit", "phone", "starts_on", "ends_on"),
}
CHUNK = 2000
#: The log cannot be changed, so of a contact it keeps the role and the days, never who it is.
_HIDDEN = {"contacts": frozenset(FIELDS["contacts"].index(field) for field in ("name", "unit", "phone"))}


def kept_records(organizations: Any = None) -> dict[str, dict[int, list[Parts]]]:
    """By kind, the rows of each of ``organizations`` (or of all) as a table tells them (three queries)."""
    found: dict[str, dict[int, list[Parts]]] = {}
    for name in MODELS:
        of_each: dict[int, list[Parts]] = defaultdict(list)
        for row in _rows(name, organizations):
            of_each[row.organization_id].append(_parts(name, row))
        found[name] = {pk: sorted(rows) for pk, rows in of_each.items()}
    return found


def _rows(name: str, organizations: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = MODELS[name]._default_manager.order_by("pk")
    if name == "pairings":
        rows = rows.select_related("partner").only(
            "organization", "partner__code", "partner_name", *FIELDS[name][1:]
        )
    return rows if organizations is None else rows.filter(organization__in=organizations)


def _parts(name: str, row: Any) -> Parts:
    parts = []
    for field in FIELDS[name]:
        value = getattr(row, field)
        if field == "partner":
            value = value.code if value else rules.as_kept(row.partner_name)
        elif isinstance(value, dt.date):
            value = value.isoformat()
        elif isinstance(value, str):
            value = rules.as_kept(value)
        parts.append(value or "")
    return parts


def restate(*, told: Mapping[Organization, Mapping[str, Sequence[Parts]]], actor: User | None) -> None:
    """Keep for each organization exactly the rows that are ``told`` of it; kinds not told stay as they are.

    Under the caller's lock of the organizations, and in its transaction. What changes is in the log, of
    contacts without their names.

    Raises:
        Refused: somebody wrote the same row by hand meanwhile.
    """
    try:
        with transaction.atomic():
            changes: dict[Organization, dict[str, list[str]]] = defaultdict(dict)
            for name in MODELS:
                _restate(name, {one: rows[name] for one, rows in told.items() if name in rows}, changes)
    except IntegrityError as error:
        raise Refused(CHANGED_SINCE) from error
    for organization, data in changes.items():
        note(organization, "enrollment.organization.amend", actor=actor, data=data)


def _restate(
    name: str,
    told: Mapping[Organization, Sequence[Parts]],
    changes: dict[Organization, dict[str, list[str]]],
) -> None:
    kind, model = rules.KINDS[name], MODELS[name]
    kept: dict[int, dict[tuple[str, ...], Any]] = defaultdict(dict)
    numbers = [organization.pk for organization in told]
    for start in range(0, len(numbers), CHUNK):
        for row in _rows(name, numbers[start : start + CHUNK]):
            kept[row.organization_id][kind.key(_parts(name, row))] = row
    partners = _partners(rows for rows in told.values()) if name == "pairings" else {}
    gone: list[int] = []
    altered: list[Any] = []
    added: list[Any] = []
    for organization, rows in told.items():
        known = kept[organization.pk]
        change = rules.difference(name, [_parts(name, row) for row in known.values()], rows)
        if not (change.gone or change.altered or change.added):
            continue
        gone += [known[kind.key(parts)].pk for parts in change.gone]
        altered += [_fill(known[kind.key(parts)], name, parts) for _, parts in change.altered]
        added += [
            _fill(model(organization_id=organization.pk), name, parts, partners)  # type: ignore[call-arg]
            for parts in change.added
        ]
        before = [*change.gone, *(was for was, _ in change.altered)]
        after = [*change.added, *(parts for _, parts in change.altered)]
        changes[organization][name] = [
            *(f"− {_said(name, parts)}" for parts in before),
            *(f"+ {_said(name, parts)}" for parts in after),
        ]
    # What goes makes room, and what ends does, before the next begins.
    for start in range(0, len(gone), CHUNK):
        model._default_manager.filter(pk__in=gone[start : start + CHUNK]).delete()
    fields = [field for field in FIELDS[name] if field != "partner"]
    altered.sort(key=lambda row: getattr(row, FIELDS[name][kind.ends]) is None)
    for row in altered:
        row.save(update_fields=fields)
    model._default_manager.bulk_create(added, batch_size=CHUNK)


def _partners(rows: Iterable[Sequence[Parts]]) -> dict[str, int]:
    """Codes of organizations among the partners → their ids."""
    texts = sorted({parts[0] for some in rows for parts in some})
    found: dict[str, int] = {}
    for start in range(0, len(texts), CHUNK):
        known = Organization.objects.filter(code__in=texts[start : start + CHUNK]).order_by()
        found.update(known.values_list("code", "pk"))
    return found


def _fill(row: Any, name: str, parts: Parts, partners: Mapping[str, int] | None = None) -> Any:
    """``row`` with what ``parts`` say; the partner of a pairing that is kept (None) stays who it is."""
    for field, text in zip(FIELDS[name], parts, strict=True):
        if field == "partner":
            if partners is not None:
                row.partner_id = partners.get(text)
                row.partner_name = "" if text in partners else text
        elif field.endswith("_on"):
            setattr(row, field, dt.date.fromisoformat(text) if text else None)
        else:
            setattr(row, field, text)
    return row


def _said(name: str, parts: Parts) -> str:
    hidden = _HIDDEN.get(name, frozenset())
    return rules.write_row(name, ["" if place in hidden else text for place, text in enumerate(parts)])
