"""Addresses of pictures and videos, under /media/."""

from django.urls import path

from cms import views

app_name = "cms"
urlpatterns = [
    path("video/<str:token>/<str:name>", views.video, name="video"),
    path("<path:name>", views.picture, name="picture"),
]
