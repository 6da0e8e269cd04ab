from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    """Catalogue, lessons and assessment."""

    name = "courses"
    verbose_name = _("Courses")

    def ready(self) -> None:
        from courses import dimensions, freshness, reviews
        from courses.actions.erasure import erase
        from courses.jobs import register_kinds as register_jobs
        from courses.letters import register_kinds
        from courses.need_answers import offer_sources

        freshness.connect()
        reviews.connect()
        from courses.actions import organization_followers, person_followers

        dimensions.register()
        from cms import document_access
        from courses.models import ModulePage
        from courses.models.access import may_see_lessons
        from courses.reports.advice import next_courses
        from enrollment import advice, erasure

        register_kinds()
        register_jobs()
        document_access.register(may_see_lessons)
        person_followers.register_followers()
        organization_followers.register_followers()
        offer_sources()
        erasure.register(erase, duties=[(ModulePage.instructors.through, "user")])
        advice.register(next_courses)
