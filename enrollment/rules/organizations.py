"""Why the tree of organizations refuses a change."""

from __future__ import annotations

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
STILL_HAS_CHILDREN = Reason(
    "still_has_children", _("Organizations below it are still active; move or dissolve them first.")
)
DISSOLVED_BEFORE_FOUNDED = Reason(
    "dissolved_before_founded", _("An organization cannot be dissolved before it was founded."), field="on"
)
ALREADY_DISSOLVED = Reason("already_dissolved", _("This organization has already been dissolved."))
