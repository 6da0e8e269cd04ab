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
            leave_on_paper,
            name_keys,
            name_pairs,
            need_answers,
            notice_on_paper,
            survey_on_paper,
        )
        from enrollment.actions import organization_followers, person_followers
        from enrollment.forms_on_paper import register_forms
        from enrollment.jobs import register_kinds

        archive_sections.offer_own()
        closing.offer_own()
        need_answers.offer_own()
        register_kinds()
        person_followers.register_followers()
        organization_followers.register_followers()
        name_keys.connect()
        name_pairs.register()
        register_forms()
        leave_on_paper.register_forms()
        notice_on_paper.register_forms()
        survey_on_paper.register_forms()
