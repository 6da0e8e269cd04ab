from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PracticumConfig(AppConfig):
    """Bases, visits, sessions and attendance."""

    name = "practicum"
    verbose_name = _("Practicum and attendance")

    def ready(self) -> None:
        """Hear of rosters that change; say what classes earn, and what is told of sessions and visits."""
        from enrollment import class_hours, roster_changes
        from practicum.actions.sessions import follow_roster
        from practicum.forms_on_paper import register_forms
        from practicum.letters import register_kinds
        from practicum.reports import quarters_in_class

        roster_changes.subscribe(follow_roster)
        class_hours.register(quarters_in_class)
        register_kinds()
        register_forms()
