from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PracticumConfig(AppConfig):
    """Bases, visits, sessions and attendance."""

    name = "practicum"
    verbose_name = _("Practicum and attendance")

    def ready(self) -> None:
        """Hear of rosters and leave; say who was there, what classes earn, and what is told of visits."""
        from enrollment import class_hours, erasure, leave_news, presence, roster_changes, timetables
        from enrollment.actions import uploads
        from practicum import forms_of_bases, jobs
        from practicum.actions import organization_followers, person_followers
        from practicum.actions.erasure import erase
        from practicum.actions.leave import follow_class_leave
        from practicum.actions.sessions import follow_roster
        from practicum.archive_sections import offer_sections
        from practicum.blocks import offer_blocks
        from practicum.closing import offer_items
        from practicum.forms_on_paper import register_forms
        from practicum.letters import register_kinds
        from practicum.models import BaseHost, BaseImport, Lecturer
        from practicum.need_answers import offer_sources
        from practicum.reports import lessons_of_class, quarters_in_class, tallies_of_class

        roster_changes.subscribe(follow_roster)
        leave_news.subscribe(follow_class_leave)
        timetables.register(lessons_of_class)
        presence.register(tallies_of_class)
        class_hours.register(quarters_in_class)
        erasure.register(erase, duties=[(BaseHost, "user"), (Lecturer, "user")])
        offer_items()
        offer_sections()
        offer_blocks()
        offer_sources()
        register_kinds()
        jobs.register_kinds()
        uploads.offer(BaseImport, page="practicum_bases:import_one", action="practicum.bases_clear")
        person_followers.register_followers()
        organization_followers.register_followers()
        register_forms()
        forms_of_bases.register_forms()
