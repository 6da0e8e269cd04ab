from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    """Catalogue, lessons and assessment."""

    name = "courses"
    verbose_name = _("Courses")

    def ready(self) -> None:
        from courses import freshness, reviews
        from courses.actions.erasure import erase
        from courses.letters import register_kinds

        freshness.connect()
        reviews.connect()
        from courses.reports.advice import next_courses
        from enrollment import advice, erasure

        register_kinds()
        erasure.register(erase)
        advice.register(next_courses)
