"""Addresses of the portal."""

from django.urls import path

from academy.portal.views import frame, home

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("language/", frame.language, name="language"),
    path("manifest.webmanifest", frame.manifest, name="manifest"),
]
