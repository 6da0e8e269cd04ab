from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    """People, classes and hours."""

    name = "enrollment"
    verbose_name = _("Trainees and classes")

    def ready(self) -> None:
        """Hear of sign-ins: the receivers stand beside the back end that signs people in."""
        from enrollment import authentication  # noqa: F401
        from enrollment.forms_on_paper import register_forms
        from enrollment.jobs import register_kinds

        register_kinds()
        register_forms()
