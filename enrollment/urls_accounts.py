"""Addresses of a person's own account, beside those of signing in."""

from django.urls import path

from enrollment.views import accounts

app_name = "accounts"
urlpatterns = [
    path("", accounts.overview, name="overview"),
    path("standing/", accounts.standing, name="standing"),
    path("devices/", accounts.devices, name="devices"),
    path("devices/end-others/", accounts.end_other_devices, name="end_other_devices"),
    path("devices/<slug:handle>/end/", accounts.end_device, name="end_device"),
    path("invitation/", accounts.enter_code, name="invitation_code"),
    path("invitation/<slug:code>/", accounts.invitation, name="invitation"),
    path("invitations/", accounts.manage, name="invitations"),
    path("invitations/<int:trainee_id>/revoke/", accounts.revoke, name="revoke_invitation"),
]
