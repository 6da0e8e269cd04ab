"""Addresses of people, classes and certificates."""

from django.urls import path

from enrollment.views import (
    certificates,
    class_archive,
    class_closing,
    class_leave,
    class_notice,
    class_pages,
    class_survey,
    classes,
    needs,
    plans,
    proofs,
)

app_name = "enrollment"
urlpatterns = [
    path("classes/", classes.class_list, name="class_list"),
    path("plans/", plans.plan_list, name="plans"),
    path("plans/<int:year>/", plans.plan, name="plan"),
    path("plans/<int:year>/plan.xlsx", plans.plan_export, name="plan_export"),
    path("needs/", needs.needs, name="needs"),
    path("needs/new/", needs.need_new, name="need_new"),
    path("needs/needs.xlsx", needs.needs_export, name="needs_export"),
    path("needs/<int:pk>/", needs.need, name="need"),
    path("classes/open/", class_pages.class_open, name="class_open"),
    path("classes/<int:pk>/", class_pages.class_page, name="class_page"),
    path("classes/<int:pk>/terms/", class_pages.class_terms, name="class_terms"),
    path("classes/<int:pk>/quotas/", class_pages.class_quotas, name="class_quotas"),
    path("classes/<int:pk>/closing/", class_closing.class_closing, name="class_closing"),
    path("classes/<int:pk>/survey/", class_survey.class_survey, name="class_survey"),
    path("classes/<int:pk>/survey/paper/", class_survey.class_survey_paper, name="class_survey_paper"),
    path("classes/<int:pk>/archive/", class_archive.class_archive, name="class_archive"),
    path("classes/<int:pk>/archive/file.zip", class_archive.class_archive_file, name="class_archive_file"),
    path("classes/<int:pk>/copy/", class_archive.class_copy, name="class_copy"),
    path("classes/<int:pk>/notice/", class_notice.class_notice, name="class_notice"),
    path(
        "classes/<int:pk>/notice/files/<int:file_pk>/",
        class_notice.class_notice_file,
        name="class_notice_file",
    ),
    path("classes/<int:pk>/leave/", class_leave.class_leave, name="class_leave"),
    path("classes/<int:pk>/leave/<int:leave_pk>/", class_leave.class_leave_decide, name="class_leave_decide"),
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
