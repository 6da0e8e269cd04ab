"""Wagtail's management of users, with forms that know our ``User``."""

from wagtail.users.apps import WagtailUsersAppConfig


class AcademyUsersConfig(WagtailUsersAppConfig):
    """Replaces ``wagtail.users`` in INSTALLED_APPS."""

    user_viewset = "enrollment.viewsets.users.UserViewSet"
