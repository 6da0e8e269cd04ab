"""Every address of the academy."""

from django.conf import settings
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

urlpatterns = [
    path("accounts/", include("enrollment.urls_accounts")),
    path("accounts/", include("allauth.urls")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("enrollment/", include("enrollment.urls")),
    path("courses/", include("courses.urls")),
    path("practicum/", include("practicum.urls")),
    path("", include("academy.portal.urls")),
    path("media/", include("cms.urls")),
    path("", include(wagtail_urls)),
]
