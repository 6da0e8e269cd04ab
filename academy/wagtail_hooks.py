"""The Wagtail admin as the academy's own: colours, menu, and what waits for the person who signs in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_vite.core.asset_loader import DjangoViteAssetLoader
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from academy import admin_menu
from academy.waiting import waiting_for
from cms.reports import sent_back_to


@hooks.register("insert_global_admin_css")
def colours() -> SafeString:
    """Red, gold and white in place of Wagtail's violet and teal."""
    url = DjangoViteAssetLoader.instance().generate_vite_asset_url("styles/admin.scss")
    return format_html('<link rel="stylesheet" href="{}">', url)


@hooks.register("construct_main_menu", order=1000)
def menu_by_work(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """Five headings instead of a list that grows with every model."""
    admin_menu.arrange(request, menu_items)


@hooks.register("register_admin_menu_item")
def to_the_portal() -> MenuItem:
    """The way back to the pages that trainees see."""
    # The sidebar takes every address that begins like an entry's for a page of it; the query keeps “/” apart.
    url = f"{reverse('portal:home')}?from=admin"
    return MenuItem(_("To the academy"), url, name="portal", icon_name="home", order=20000)


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    """Exports and views of personal data stand in the audit log."""
    actions.register_action("academy.export", _("Export"), _("Exported figures or people"))
    actions.register_action("academy.own_data", _("Take one's own data"), _("Took a copy of one's own data"))
    actions.register_action(
        "academy.view_person", _("View of a person's year"), _("Looked at a person's year of study")
    )
    actions.register_action("academy.view_people", _("View of people"), _("Looked at a list of people"))


class WaitingPanel(Component):
    """What waits for this person: a figure and the way to it, or the good news that nothing does."""

    name = "waiting"
    template_name = "academy/admin/waiting.html"
    order = 50

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """The tasks that are this person's, with their counts, and the pages to change with what is asked."""
        user = parent_context["request"].user
        return {
            "sent_back": sent_back_to(user),
            "waiting": [
                {"count": waiting.count, "label": waiting.kind.label, "url": reverse(waiting.kind.view)}
                for waiting in waiting_for(user)
            ],
        }


@hooks.register("construct_homepage_panels")
def waiting_first(request: HttpRequest, panels: list[Component]) -> None:
    """Put the panel before Wagtail's own."""
    panels.append(WaitingPanel())
