from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PracticumConfig(AppConfig):
    """Bases, visits, sessions and attendance."""

    name = "practicum"
    verbose_name = _("Practicum and attendance")

    def ready(self) -> None:
        """Hear of rosters and leave; say who was there, and what can be told of sessions and visits."""
        from enrollment import leave_news, presence, roster_changes
        from practicum.actions.leave import follow_class_leave
        from practicum.actions.sessions import follow_roster
        from practicum.archive_sections import offer_sections
        from practicum.closing import offer_items
        from practicum.letters import register_kinds
        from practicum.need_answers import offer_sources
        from practicum.reports import tallies_of_class

        roster_changes.subscribe(follow_roster)
        leave_news.subscribe(follow_class_leave)
        presence.register(tallies_of_class)
        offer_items()
        offer_sections()
        offer_sources()
        register_kinds()
