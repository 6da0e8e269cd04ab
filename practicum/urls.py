from django.urls import URLPattern

app_name = "practicum"
urlpatterns: list[URLPattern] = []
