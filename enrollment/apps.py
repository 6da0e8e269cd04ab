from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    """People, classes and hours."""

    name = "enrollment"
    verbose_name = _("Trainees and classes")

    def ready(self) -> None:
        """Hear of sign-ins: the receivers stand beside the back end that signs people in."""
        from enrollment import (
            archive_sections,
            authentication,  # noqa: F401
            closing,
            name_keys,
            name_pairs,
            need_answers,
        )
        from enrollment.actions.person_followers import register_followers
        from enrollment.forms_on_paper import register_forms
        from enrollment.jobs import register_kinds

        archive_sections.offer_own()
        closing.offer_own()
        need_answers.offer_own()
        register_kinds()
        register_followers()
        name_keys.connect()
        name_pairs.register()
        register_forms()
