from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PracticumConfig(AppConfig):
    """Bases, visits, sessions and attendance."""

    name = "practicum"
    verbose_name = _("Practicum and attendance")
