"""What stood in the rows of two people before and after, and putting it back: the memory of a merger."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.functional import Promise

from cms.refusals import Reason
from enrollment.models import HourEntry, Trainee
from enrollment.person_records import Pair, Part, parts
from enrollment.rules import person_mergers as rules

Values = dict[str, Any]
#: By model and key: what stands in a row.
Rows = dict[str, dict[str, Values]]
Change = dict[str, Any]

#: The two records themselves, and records that were merged into one of them before.
PEOPLE = (Part(Trainee, "pk"), Part(Trainee, "merged_into"))


def snapshot(pair: Pair) -> Rows:
    """Every row of every part that belongs to either record, by one query for each part."""
    found: Rows = defaultdict(dict)
    for part in (*PEOPLE, *parts()):
        owners = pair.accounts if part.of_account else pair.people
        if not owners:
            continue
        fields = _fields(part.model)
        for row in part.model._base_manager.filter(**{f"{part.owner}__in": owners}).order_by("pk"):
            found[part.model._meta.label][str(row.pk)] = {
                field.attname: _plain(field, row) for field in fields
            }
    return found


def difference(before: Rows, after: Rows) -> list[Change]:
    """What changed, row by row; with a changed row also what must stay so for it to be put back."""
    settled: dict[str, set[str]] = defaultdict(set)
    for part in parts():
        settled[part.model._meta.label].update(part.settled)
    changes: list[Change] = []
    for label in dict.fromkeys((*before, *after)):
        were, are = before.get(label, {}), after.get(label, {})
        for key in dict.fromkeys((*were, *are)):
            old, new = were.get(key), are.get(key)
            if old == new:
                continue
            if old is not None and new is not None:
                changed = {name for name in old if old[name] != new[name]}
                old = {name: old[name] for name in old if name in changed}
                new = {name: new[name] for name in new if name in changed | settled[label]}
            changes.append({"model": label, "pk": key, "before": old, "after": new})
    return changes


def changed_since(changes: Iterable[Change]) -> list[Reason]:
    """Why ``changes`` cannot be put back: rows that are not as the merger left them."""
    reasons: list[Reason] = []
    for label, ours in _by_model(changes).items():
        model = apps.get_model(label)
        fields = {field.attname: field for field in _fields(model)}
        rows = model._base_manager.in_bulk([_key(model, change["pk"]) for change in ours])
        for change in ours:
            row = rows.get(_key(model, change["pk"]))
            if change["after"] is None:
                continue
            if row is None or any(
                # A pointer to the ledger follows what stands there; the hours are looked at by themselves.
                _plain(fields[name], row) != value and fields[name].related_model is not HourEntry
                for name, value in change["after"].items()
            ):
                reasons.append(rules.changed_since(kind_of(model), row or change["pk"]))
    return reasons


def put_back(changes: Iterable[Change], *, entries: Mapping[int, int]) -> None:
    """Put every row back to what it was; pointers to the ledger follow ``entries`` (old key → key now).

    What the merger made is taken away first, then rows that return to their owner, then the others: so no
    unique constraint is hurt on the way. A few queries for each model and kind of change.
    """
    by_model = _by_model(changes)
    for label in reversed(list(by_model)):
        model = apps.get_model(label)
        made = [_key(model, change["pk"]) for change in by_model[label] if change["before"] is None]
        if made:
            model._base_manager.filter(pk__in=made).delete()
    for label, ours in by_model.items():
        model = apps.get_model(label)
        altered = [change for change in ours if change["before"] is not None and change["after"] is not None]
        owners = {part.owner for part in parts() if part.model is model}
        returning = [change for change in altered if _returns(change, owners)]
        staying = [change for change in altered if not _returns(change, owners)]
        for group in (returning, staying):
            _update(model, group, entries)
        _recreate(model, [change for change in ours if change["after"] is None], entries)


def kind_of(model: type[Model]) -> str | Promise:
    """What rows of ``model`` are, in words; a row that only joins two others is what it belongs to."""
    # Of a table that Django made for a many-to-many relation: the model that declares it.
    joins: Any = model._meta.auto_created
    return (joins or model)._meta.verbose_name or model.__name__


def _returns(change: Change, owners: Iterable[str]) -> bool:
    return any(f"{owner}_id" in change["before"] for owner in owners)


def _update(model: type[Model], changes: list[Change], entries: Mapping[int, int]) -> None:
    alike: dict[str, list[Any]] = {}
    for change in changes:
        # Rows that get the same values are written together; the order of people matters (see the action).
        alike.setdefault(json.dumps(change["before"], sort_keys=True), []).append(_key(model, change["pk"]))
    for before, keys in alike.items():
        model._base_manager.filter(pk__in=keys).update(**_lively(model, json.loads(before), entries))


def _recreate(model: type[Model], changes: list[Change], entries: Mapping[int, int]) -> None:
    model._base_manager.bulk_create(
        [
            model(pk=_key(model, change["pk"]), **_lively(model, change["before"], entries))
            for change in changes
        ]
    )


def _by_model(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[change["model"]].append(change)
    return found


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """Columns that are compared: not the key, nor times that note every saving."""
    return [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and not getattr(field, "auto_now", False)
    ]


def _plain(field: Field[Any, Any], row: Model) -> Any:
    """A value as it is kept: exact, microseconds included."""
    value = field.value_from_object(row)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return field.value_to_string(row)


def _lively(model: type[Model], values: Values, entries: Mapping[int, int]) -> Values:
    found = {}
    for name, value in values.items():
        field: Any = model._meta.get_field(name)
        if field.is_relation:
            found[name] = entries.get(value, value) if field.related_model is HourEntry else value
        else:
            found[name] = None if value is None else field.to_python(value)
    return found


def _key(model: type[Model], key: str) -> Any:
    primary: Any = model._meta.pk
    while primary.is_relation:
        primary = primary.target_field
    return primary.to_python(key)
