from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    """People, classes and hours."""

    name = "enrollment"
    verbose_name = _("Trainees and classes")
