"""The public site: news and pages of text."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from academy.demo.artwork import Artwork
from academy.demo.catalogue import picture_figures
from academy.demo.plan import Plan, content
from cms.models import AcademyImage, HomePage, NewsIndexPage, NewsPage, StandardPage
from courses.actions.authoring import publish, stream_data
from enrollment.models import User


def begin(artwork: Artwork) -> None:
    """Have the figures of the pages of text drawn."""
    for row in content("trainings")["pages"]:
        for block in row["blocks"]:
            if block["type"] == "figure":
                artwork.begin_figure(block["value"]["figure"])


def load(plan: Plan, artwork: Artwork, actor: User) -> None:
    """Publish pages and news."""
    data = content("trainings")
    home = HomePage.objects.get()
    figures: dict[str, AcademyImage] = {}
    for row in data["pages"]:
        picture_figures(row["blocks"], artwork, figures)
        page = StandardPage(
            title=row["title"],
            slug=row["slug"],
            introduction=row["intro"],
            body=stream_data(row["blocks"], figures),
            show_in_menus=True,
            owner=actor,
        )
        home.add_child(instance=page)
        publish(page=page, actor=actor)
    news = NewsIndexPage.objects.get()
    for row in sorted(data["news"], key=lambda item: -item["days_ago"]):
        piece = NewsPage(
            title=row["title"],
            slug=row["slug"],
            introduction=row["intro"],
            body=stream_data(row["body"], figures),
            published_on=timezone.localdate() - dt.timedelta(days=row["days_ago"]),
            owner=actor,
        )
        news.add_child(instance=piece)
        publish(page=piece, actor=actor)
    plan.say(f"{len(data['news'])} pieces of news, {len(data['pages'])} pages of text")
