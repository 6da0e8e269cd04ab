"""The addresses of django-allauth that are open here, under the names allauth knows them by.

Everything else of it (sign-up, mail addresses, resetting a password by mail) is closed by not being there:
accounts and forgotten passwords go through invitations.
"""

from allauth.account import views
from django.urls import include, path

from enrollment.views.accounts import change_password

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", change_password, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
]
