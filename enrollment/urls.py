"""Addresses of people, classes and certificates."""

from django.urls import path

from enrollment.views import certificates, classes, proofs

app_name = "enrollment"
urlpatterns = [
    path("classes/", classes.class_list, name="class_list"),
    path("classes/<int:pk>/roster/", classes.class_roster, name="class_roster"),
    path("classes/<int:pk>/certificates/", certificates.class_certificates, name="class_certificates"),
    path("people/<int:pk>/proof/", proofs.proof, name="proof"),
    path("certificates/", certificates.certificate_check, name="certificate_check"),
    path("certificates/template/", certificates.certificate_template, name="certificate_template"),
    path(
        "certificates/template/<int:version>/sample.pdf",
        certificates.certificate_sample,
        name="certificate_sample",
    ),
    path("certificates/<int:pk>/certificate.pdf", certificates.certificate_pdf, name="certificate_pdf"),
    path("certificates/<int:pk>/manage/", certificates.certificate_manage, name="certificate_manage"),
    path("certificates/<str:code>/", certificates.certificate, name="certificate"),
]
