"""Each role's group of Wagtail permissions, and how an app's migration adds to it.

A group says which kinds of thing its members may work on in the admin; which rows, `visible_to` and
`manageable_by` say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from enrollment.models.accounts import Role

#: The name of each role's group: data, not interface, so it is not translated.
GROUP_NAMES: dict[Role, str] = {
    Role.AFFAIRS_WORKER: "党务工作者",
    Role.INSTRUCTOR: "讲师",
    Role.ADMINISTRATOR: "学院管理员",
    Role.BASE_HOST: "基地联系人",
    Role.ZONE_LEADER: "园区领导",
    Role.AUDITOR: "审计员",
}

EVERYTHING = ("add", "change", "delete", "view")


def permit(apps: Any, role: Role, app_label: str, models: Mapping[str, Iterable[str]]) -> None:
    """In a data migration: let the group of ``role`` do these things to models of ``app_label``.

    ``models`` maps a model's lower-case name to verbs (``EVERYTHING`` or some of it). Permissions are made
    here where they do not exist yet, because Django makes them only after all migrations.
    """
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP_NAMES[role])
    for model, verbs in models.items():
        content_type, _created = content_types.objects.get_or_create(app_label=app_label, model=model)
        for verb in verbs:
            permission, _created = permissions.objects.get_or_create(
                content_type=content_type,
                codename=f"{verb}_{model}",
                defaults={"name": f"Can {verb} {model}"},
            )
            group.permissions.add(permission)


def permit_admin(apps: Any, role: Role) -> None:
    """In a data migration: let the group of ``role`` into the Wagtail admin."""
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    content_type, _created = content_types.objects.get_or_create(app_label="wagtailadmin", model="admin")
    permission, _created = permissions.objects.get_or_create(
        content_type=content_type, codename="access_admin", defaults={"name": "Can access Wagtail admin"}
    )
    group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=GROUP_NAMES[role])
    group.permissions.add(permission)
