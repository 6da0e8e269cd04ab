"""Addresses of people, classes and certificates."""

from django.urls import path

from enrollment.views import classes

app_name = "enrollment"
urlpatterns = [
    path("classes/", classes.class_list, name="class_list"),
    path("classes/<int:pk>/roster/", classes.class_roster, name="class_roster"),
    path("classes/<int:pk>/roster/print/", classes.class_roster_print, name="class_roster_print"),
    path("certificates/", classes.certificate_check, name="certificate_check"),
    path("certificates/<str:code>/", classes.certificate, name="certificate"),
]
