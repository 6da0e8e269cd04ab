from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AcademyConfig(AppConfig):
    """Portal, cross-app reports, wiring and demo data."""

    name = "academy"
    verbose_name = _("Academy")

    def ready(self) -> None:
        """Offer the long exports to the queue, and the annual return; freeze it when its year is closed."""
        from academy.annual_return import freeze
        from academy.forms_on_paper import register_forms
        from academy.jobs import register_kinds
        from enrollment import year_end

        register_kinds()
        register_forms()
        year_end.register(freeze)
