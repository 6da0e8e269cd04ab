"""Why the tree of organizations refuses a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

CODE_MISSING = Reason("code_missing", _("An organization needs a code."), field="code")
NAME_MISSING = Reason("organization_name_missing", _("An organization needs a name."), field="name")
KIND_UNKNOWN = Reason("kind_unknown", _("There is no such kind of organization."), field="kind")
CODE_TAKEN = Reason(
    "code_taken", _("The code %(code)s already belongs to another organization."), field="code"
)
PARENT_UNKNOWN = Reason(
    "parent_unknown", _("There is no organization with the code %(parent)s."), field="parent"
)
PARENT_DISSOLVED = Reason(
    "parent_dissolved", _("The organization above has been dissolved; choose another."), field="parent"
)
INTO_ITSELF = Reason(
    "into_itself", _("An organization cannot be placed under itself or under one below it."), field="parent"
)
TOO_MANY_BELOW = Reason("too_many_below", _("No more organizations fit below this one."), field="parent")
STILL_HAS_MEMBERS = Reason(
    "still_has_members", _("People are still on its roster; transfer them before dissolving it.")
)
SOMEBODY_IS_COMING = Reason(
    "somebody_is_coming",
    _("Somebody is to be transferred there; accept, decline or withdraw that transfer before dissolving it."),
)
STILL_HAS_CHILDREN = Reason(
    "still_has_children", _("Organizations below it are still active; move or dissolve them first.")
)
DISSOLVED_BEFORE_FOUNDED = Reason(
    "dissolved_before_founded", _("An organization cannot be dissolved before it was founded."), field="on"
)
ALREADY_DISSOLVED = Reason("already_dissolved", _("This organization has already been dissolved."))
NOTHING_TO_MERGE = Reason(
    "nothing_to_merge", _("Choose at least one organization that merges into this one."), field="sources"
)
MERGES_INTO_ITSELF = Reason(
    "merges_into_itself",
    _("%(name)s cannot merge into itself; take it off the list."),
    field="sources",
)
MERGES_UPWARD_ONLY = Reason(
    "merges_upward_only",
    _("%(name)s stands above the one it would merge into; merge into the upper one instead."),
    field="sources",
)
ROOT_STAYS = Reason(
    "root_stays", _("%(name)s is the top of the tree and cannot merge into another."), field="sources"
)
SOURCE_DISSOLVED = Reason(
    "source_dissolved",
    _("%(name)s has already been dissolved; take it off the list."),
    field="sources",
)
TARGET_DISSOLVED = Reason(
    "target_dissolved", _("The organization that would remain has been dissolved; choose another.")
)
NOTHING_TO_SPLIT = Reason(
    "nothing_to_split",
    _("Choose the people or the organizations below that go to the new organization."),
    field="people",
)
ROOT_IS_NOT_SPLIT = Reason(
    "root_is_not_split", _("The top of the tree cannot be split; found an organization below it instead.")
)
PERSON_ELSEWHERE = Reason(
    "person_elsewhere", _("%(name)s is not on the roster of this organization any more."), field="people"
)
CHILD_ELSEWHERE = Reason(
    "child_elsewhere",
    _("%(name)s does not stand directly below this organization any more, or is dissolved."),
    field="children",
)


def named(reason: Reason, name: str) -> Reason:
    """``reason`` about the one called ``name``."""
    return Reason(reason.code, reason.message, {"name": name}, reason.field)


@dataclass(frozen=True)
class Node:
    """What a merger is judged by: one organization as it stands now."""

    number: int
    name: str
    path: str
    is_root: bool
    is_dissolved: bool


def merger_refusals(target: Node, sources: Sequence[Node]) -> list[Reason]:
    """Why ``sources`` cannot merge into ``target``; nothing when they can."""
    if target.is_dissolved:
        return [TARGET_DISSOLVED]
    if not sources:
        return [NOTHING_TO_MERGE]
    reasons = []
    for source in sources:
        if source.number == target.number:
            reasons.append(named(MERGES_INTO_ITSELF, source.name))
        elif source.is_root:
            reasons.append(named(ROOT_STAYS, source.name))
        elif source.is_dissolved:
            reasons.append(named(SOURCE_DISSOLVED, source.name))
        elif target.path.startswith(source.path):
            reasons.append(named(MERGES_UPWARD_ONLY, source.name))
    return reasons
