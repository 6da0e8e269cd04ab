"""Who may edit which questions and tests in the Wagtail admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from wagtail.permission_policies import ModelPermissionPolicy

from enrollment.models import User


class ByModulePolicy(ModelPermissionPolicy):
    """The model's permissions, for rows of modules one teaches; everything for administrators."""

    def user_has_any_permission_for_instance(self, user: User, actions: Sequence[str], instance: Any) -> bool:
        """Whether ``instance`` is among what ``user`` may manage."""
        return bool(
            self.user_has_any_permission(user, actions)
            and self.model.objects.manageable_by(user).filter(pk=instance.pk).exists()
        )

    def user_has_permission_for_instance(self, user: User, action: str, instance: Any) -> bool:
        """The same for one action."""
        return self.user_has_any_permission_for_instance(user, [action], instance)

    def instances_user_has_any_permission_for(self, user: User, actions: Sequence[str]) -> QuerySet[Any]:
        """Rows to list."""
        if not self.user_has_any_permission(user, actions):
            return self.model.objects.none()
        return self.model.objects.manageable_by(user)

    def instances_user_has_permission_for(self, user: User, action: str) -> QuerySet[Any]:
        """The same for one action."""
        return self.instances_user_has_any_permission_for(user, [action])
