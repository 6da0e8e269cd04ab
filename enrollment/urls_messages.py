"""Addresses of one's inbox."""

from django.urls import path

from enrollment.views import messages

app_name = "messages"
urlpatterns = [
    path("", messages.inbox, name="list"),
    path("read/", messages.read_all, name="read_all"),
    path("choices/", messages.preferences, name="preferences"),
    path("<uuid:pk>/", messages.open_message, name="open"),
]
