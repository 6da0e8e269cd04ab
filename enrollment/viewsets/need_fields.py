"""The fields that training needs are asked in, as the academy names them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enrollment.models import NeedField
from enrollment.viewsets.scoped import ScopedViewSet


class NeedFieldViewSet(ScopedViewSet):
    """Fields of needs."""

    model = NeedField
    icon = "tag"
    menu_label = _("Fields of needs")
    menu_order = 274
    form_fields = ("name", "code", "sort_order", "is_active")
    list_display = ("name", "code", "sort_order", "is_active")
    search_fields = ("name", "code")
    search_backend_name = None


need_field_viewset = NeedFieldViewSet("need_fields")
