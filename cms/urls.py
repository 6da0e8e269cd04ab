"""Addresses of pictures, videos and documents, under /media/."""

from django.urls import path

from cms import views

app_name = "cms"
urlpatterns = [
    path("video/<str:token>/<str:name>", views.video, name="video"),
    path("document/<str:token>/<str:name>", views.document, name="document"),
    path("<path:name>", views.picture, name="picture"),
]
