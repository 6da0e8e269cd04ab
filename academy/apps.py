from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AcademyConfig(AppConfig):
    """Portal, cross-app reports, wiring and demo data."""

    name = "academy"
    verbose_name = _("Academy")

    def ready(self) -> None:
        """Offer the long exports to the queue."""
        from academy.jobs import register_kinds

        register_kinds()
