"""Addresses of printed forms."""

from django.urls import path

from cms import views_forms as views

app_name = "forms"
urlpatterns = [
    path("<slug:code>/<str:key>/", views.form, name="form"),
    path("<slug:code>/<str:key>/print/", views.form_print, name="form_print"),
    path("<slug:code>/<str:key>/form.pdf", views.form_pdf, name="form_pdf"),
    path("<slug:code>/<str:key>/form.xlsx", views.form_xlsx, name="form_xlsx"),
]
