"""What each row of a roster means for the people already stored: new, changed, unchanged, twice, or wrong.

People are the same when their identity digest is; else their phone; else their name, organization and month
of birth. The first that can decide decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from enrollment.rules.roster.cells import Fault, name_as_read, text_as_read
from enrollment.rules.roster.columns import Column
from enrollment.rules.roster.rows import COMPARED, Person, Problem, Row


class Outcome(StrEnum):
    """The verdict on a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Alias:
    """What a record that was merged into another is still known by; files of yesterday say so."""

    name: str
    organization_id: int
    phone: str | None = None
    identity_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A person already on the roster. ``manageable``: the importer may edit this record."""

    id: int
    name: str
    organization_id: int
    gender: str = ""
    ethnicity: str = ""
    born_on: str | None = None
    education: str = ""
    joined_on: str | None = None
    member_status: str = "full"
    post: str = "member"
    phone: str | None = None
    identity_digest: str | None = None
    note: str = ""
    manageable: bool = True
    #: Records that were merged into this one.
    known_as: tuple[Alias, ...] = ()

    def is_called(self, name: str | None) -> bool:
        """Whether ``name`` is this person's, in this record or in one that was merged into it."""
        names = (self.name, *(alias.name for alias in self.known_as))
        return any(name == name_as_read(own) for own in names)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its verdict; ``changes`` maps a field to what is stored and what the file says."""

    row: Row
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    trainee_id: int | None = None
    duplicate_of: int | None = None
    changes: dict[str, tuple[str | int | None, str | int | None]] = field(default_factory=dict)


#: Fields of free text: typed by hand in a record, they may be written otherwise than a roster is read.
TEXTS = frozenset({"name", "ethnicity", "education", "note"})


def _same_month(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one[:7] == other[:7]


def _months_agree(one: str | None, other: str | None) -> bool:
    """Whether two dates of birth can be one person's: the same month, or one of them not known."""
    return one is None or other is None or one[:7] == other[:7]


def _phones_agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def differences(stored: Stored, person: Person) -> dict[str, tuple[str | int | None, str | int | None]]:
    """Field by field where the file says something else than what is stored. What it leaves out stays."""
    found: dict[str, tuple[str | int | None, str | int | None]] = {}
    for name in COMPARED:
        said = getattr(person, name)
        known = getattr(stored, name)
        if said is None or said == known:
            continue
        if name in TEXTS and known and said == text_as_read(name, known):
            continue  # written otherwise in the record (a space in a name), which a roster does not tell
        if any(said == getattr(alias, name, None) for alias in stored.known_as):
            continue  # staff chose the other value when the records were merged; an old file changes nothing
        if name in ("born_on", "joined_on") and known is not None and known.startswith(said):
            continue  # the file knows the month, the record the day as well
        if name in ("born_on", "joined_on") and len(said) == 7 and known == f"{said}-01":
            continue
        found[name] = (known, said)
    return found


def _contradicts(one: Person, other: Person) -> bool:
    """Whether two rows about one person tell different things."""
    told, also = one.told(), other.told()
    for name in told.keys() & also.keys():
        first, second = told[name], also[name]
        if first == second:
            continue
        if name in ("born_on", "joined_on") and (first.startswith(second) or second.startswith(first)):
            continue
        return True
    return False


class _File:
    """Rows already seen in this file, to find the same person twice."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.by_digest: dict[str, Row] = {}
        self.by_phone: dict[str, Row] = {}
        self.by_place: dict[tuple[str, int | None], list[Row]] = defaultdict(list)
        names: dict[str, set[str]] = defaultdict(set)
        self.rows_of_phone: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row.person.phone and row.person.name:
                names[row.person.phone].add(row.person.name)
                self.rows_of_phone[row.person.phone].append(row.number)
        #: Phones that the file gives to people of different names.
        self.shared_phones = {phone for phone, owners in names.items() if len(owners) > 1}

    def earlier(self, person: Person) -> Row | None:
        """The earlier row about the same person."""
        if person.identity_digest and (row := self.by_digest.get(person.identity_digest)):
            return row
        if person.phone and (row := self.by_phone.get(person.phone)):
            return row
        for row in self.by_place.get((person.name, person.organization_id), ()):
            seen = row.person
            if person.identity_digest and seen.identity_digest:
                continue
            if _phones_agree(person.phone, seen.phone) and _same_month(person.born_on, seen.born_on):
                return row
        return None

    def add(self, row: Row) -> None:
        if row.person.identity_digest:
            self.by_digest.setdefault(row.person.identity_digest, row)
        if row.person.phone:
            self.by_phone.setdefault(row.person.phone, row)
        self.by_place[(row.person.name, row.person.organization_id)].append(row)


class _Known:
    """Stored people, by each thing that tells them apart."""

    def __init__(self, people: Sequence[Stored]) -> None:
        self.by_digest: dict[str, Stored] = {}
        self.by_phone: dict[str, Stored] = {}
        self.by_place: dict[tuple[str, int], list[Stored]] = defaultdict(list)
        for person in people:
            if person.identity_digest:
                self.by_digest[person.identity_digest] = person
            if person.phone:
                self.by_phone[person.phone] = person
            self.by_place[(name_as_read(person.name), person.organization_id)].append(person)
        for person in people:
            self._know_by_aliases(person)

    def _know_by_aliases(self, person: Stored) -> None:
        """By what merged records were known by, where nobody on the roster is known by it now."""
        for alias in person.known_as:
            if alias.identity_digest:
                self.by_digest.setdefault(alias.identity_digest, person)
            if alias.phone:
                self.by_phone.setdefault(alias.phone, person)
            namesakes = self.by_place[(name_as_read(alias.name), alias.organization_id)]
            if person not in namesakes:
                namesakes.append(person)

    def match(self, person: Person) -> tuple[Stored | None, Problem | None]:
        """Who a row is about, or why that cannot be said."""
        owner = self.by_phone.get(person.phone) if person.phone else None
        if person.identity_digest and (found := self.by_digest.get(person.identity_digest)):
            if owner is not None and owner.id != found.id:
                return None, _owned(owner)
            return found, None
        if owner is not None:
            differs = (
                person.identity_digest
                and owner.identity_digest
                and person.identity_digest != owner.identity_digest
            )
            if not owner.is_called(person.name) or differs:
                return None, _owned(owner)
            return owner, None
        if person.organization_id is None:
            return None, None
        return self._by_name(person, person.organization_id)

    def _by_name(self, person: Person, organization_id: int) -> tuple[Stored | None, Problem | None]:
        """By name, organization and month of birth; where no month is known, phones must not differ."""
        namesakes = [
            known
            for known in self.by_place.get((person.name, organization_id), ())
            if not (person.identity_digest and known.identity_digest)
        ]
        certain = [known for known in namesakes if _same_month(known.born_on, person.born_on)]
        candidates = certain or [
            known
            for known in namesakes
            if _months_agree(known.born_on, person.born_on) and _phones_agree(known.phone, person.phone)
        ]
        if len(candidates) > 1:
            return None, Problem(
                Column.NAME, Fault.SEVERAL_MATCH, {"name": person.name, "count": len(candidates)}
            )
        return (candidates[0], None) if candidates else (None, None)


def _owned(owner: Stored) -> Problem:
    """The phone is another's; the name of that person is told only to those who may manage the record."""
    params: dict[str, str | int] = {
        "phone": owner.phone or "",
        "owner": owner.name if owner.manageable else "",
    }
    return Problem(Column.PHONE, Fault.PHONE_OF_ANOTHER, params)


def _error(row: Row, *problems: Problem) -> Judged:
    return Judged(row, Outcome.ERROR, problems=problems)


def _twice(row: Row, earlier: Row) -> Judged:
    """The verdict on a row about somebody whom an earlier row was about."""
    if row.person.name != earlier.person.name:
        # Phones shared by different names are refused before; what is left is one identity number.
        return _error(row, Problem(Column.IDENTITY, Fault.IDENTITY_USED_TWICE, {"row": earlier.number}))
    if _contradicts(earlier.person, row.person):
        return _error(row, Problem(Column.NAME, Fault.CONTRADICTS_ROW, {"row": earlier.number}))
    return Judged(row, Outcome.DUPLICATE, duplicate_of=earlier.number)


def judge(rows: Sequence[Row], stored: Iterable[Stored]) -> list[Judged]:
    """The verdict on every row, in order. Reads nothing and changes nothing."""
    known = _Known(list(stored))
    seen = _File(rows)
    taken: dict[int, int] = {}
    verdicts: list[Judged] = []
    for row in rows:
        person = row.person
        if row.problems:
            verdicts.append(_error(row, *row.problems))
            continue
        if person.phone in seen.shared_phones:
            others = [number for number in seen.rows_of_phone[person.phone or ""] if number != row.number]
            verdicts.append(
                _error(
                    row,
                    Problem(
                        Column.PHONE, Fault.PHONE_USED_TWICE, {"row": others[0] if others else row.number}
                    ),
                )
            )
            continue
        if earlier := seen.earlier(person):
            verdicts.append(_twice(row, earlier))
            continue
        match, problem = known.match(person)
        if problem is not None:
            verdicts.append(_error(row, problem))
            continue
        seen.add(row)
        if match is None:
            verdicts.append(Judged(row, Outcome.NEW))
            continue
        if not match.manageable:
            verdicts.append(_error(row, Problem(Column.NAME, Fault.PERSON_ELSEWHERE)))
            continue
        if match.id in taken:
            verdicts.append(
                _error(row, Problem(Column.NAME, Fault.CONTRADICTS_ROW, {"row": taken[match.id]}))
            )
            continue
        taken[match.id] = row.number
        changes = differences(match, person)
        outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
        verdicts.append(Judged(row, outcome, trainee_id=match.id, changes=changes))
    return verdicts
