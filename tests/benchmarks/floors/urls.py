"""The addresses of the floors."""

from django.urls import path

from tests.benchmarks.floors import views

urlpatterns = [
    path("empty/", views.empty),
    path("session/", views.session_and_user),
    path("read/<int:key>/", views.read_row),
    path("upsert/<int:key>/", views.upsert_row),
]
