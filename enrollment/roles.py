"""The Wagtail group that carries each role's permissions."""

from __future__ import annotations

from typing import Final

from enrollment.models.accounts import Role

#: Groups are data that administrators read, so they bear Chinese names; migrations give them permissions.
GROUP_NAMES: Final[dict[Role, str]] = {
    Role.AFFAIRS_WORKER: "党务工作者",
    Role.INSTRUCTOR: "讲师",
    Role.ADMINISTRATOR: "学院管理员",
    Role.BASE_HOST: "实训基地联系人",
    Role.ZONE_LEADER: "园区领导",
}
