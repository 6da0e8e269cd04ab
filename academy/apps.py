from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AcademyConfig(AppConfig):
    """Portal, cross-app reports, wiring and demo data."""

    name = "academy"
    verbose_name = _("Academy")
