"""Who may open a document at Wagtail's own address; apps add who else may when they start.

Documents in lessons are served under signed addresses (`cms.views.document`); a link in running text leads to
Wagtail's, which would give the file to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, ReferenceIndex
from wagtail.permissions import policy_registry

from cms.models import AcademyDocument, HomePage, NewsIndexPage, NewsPage, StandardPage

#: Asked with the user and the numbers of published pages that show the document.
Guard = Callable[[Any, Collection[int]], bool]

_GUARDS: list[Guard] = []
#: What everybody may read.
PUBLIC = (HomePage, NewsIndexPage, NewsPage, StandardPage)


def register(guard: Guard) -> None:
    """Let more people see documents: those who may see a page that shows them."""
    _GUARDS.append(guard)


def may_see(user: Any, document: AcademyDocument) -> bool:
    """Whether ``user`` may open ``document``: its editors, and who may see a published page that shows it."""
    if user.is_authenticated and user.is_active:
        policy = policy_registry.get_by_type(AcademyDocument)
        if policy.user_has_any_permission_for_instance(user, ["add", "change", "delete"], document):
            return True
    pages = _pages_with(document)
    public = Page.objects.live().public().filter(pk__in=pages).type(*PUBLIC)
    return public.exists() or any(guard(user, pages) for guard in _GUARDS)


def _pages_with(document: AcademyDocument) -> set[int]:
    references = ReferenceIndex.get_references_to(document)
    showing = references.filter(base_content_type=ContentType.objects.get_for_model(Page))
    pks = {int(pk) for pk in showing.values_list("object_id", flat=True)}
    return set(Page.objects.live().filter(pk__in=pks).values_list("pk", flat=True))
