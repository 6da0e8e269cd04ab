from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PracticumConfig(AppConfig):
    """Bases, visits, sessions and attendance."""

    name = "practicum"
    verbose_name = _("Practicum and attendance")

    def ready(self) -> None:
        """Hear of rosters that change; add what can be told of sessions and visits."""
        from enrollment import erasure, roster_changes
        from practicum.actions.erasure import erase
        from practicum.actions.sessions import follow_roster
        from practicum.letters import register_kinds

        roster_changes.subscribe(follow_roster)
        erasure.register(erase)
        register_kinds()
