"""Every address of the academy."""

from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from enrollment.views import accounts as account_views

#: Known only when the static files are: not while addresses are read.
FAVICON = lazy(static, str)("academy/emblem.svg")

urlpatterns = [
    # What a browser asks for beside a document that is no page of ours (a PDF in its own window).
    path("favicon.ico", RedirectView.as_view(url=FAVICON), name="favicon"),
    path("accounts/", include("enrollment.urls_accounts")),
    path("accounts/", include("enrollment.urls_sign_in")),
    path("admin/login/", account_views.admin_sign_in),
    path("admin/account/", account_views.admin_account),
    # Roles, state and deletion of accounts have one door each, and these are not it.
    path("admin/bulk/enrollment/user/<str:action>/", account_views.closed),
    # Fails on purpose, for whoever tries Wagtail out.
    path("admin/failwhale/", account_views.closed),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("enrollment/", include("enrollment.urls")),
    path("courses/", include("courses.urls")),
    path("practicum/", include("practicum.urls")),
    path("me/messages/", include("enrollment.urls_messages")),
    path("", include("academy.portal.urls")),
    path("media/", include("cms.urls")),
    path("jobs/", include("cms.urls_jobs")),
    path("forms/", include("cms.urls_forms")),
    path("_util/login/", account_views.site_sign_in),
    path("", include(wagtail_urls)),
]

handler400 = "enrollment.views.errors.bad_request"
handler403 = "enrollment.views.errors.forbidden"
handler404 = "enrollment.views.errors.not_found"
handler500 = "enrollment.views.errors.server_error"
