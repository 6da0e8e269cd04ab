"""Addresses of the portal."""

from django.urls import include, path

from academy.portal.views import explanation, external, frame, guide, home, me, style, training, tree, zone
from academy.portal.workbench.urls import urlpatterns as workbench

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("me/", me.me, name="me"),
    path("me/ledger/", me.ledger, name="ledger"),
    path("me/explanation/", explanation.own, name="explanation"),
    path("people/<int:trainee_pk>/explanation/", explanation.of_person, name="person_explanation"),
    path("me/external/", external.own, name="external"),
    path("me/external/new/", external.send, name="external_new"),
    path("external/<int:external_pk>/", external.record, name="external_record"),
    path("external/<int:external_pk>/evidence/", external.evidence, name="external_evidence"),
    path("external/<int:external_pk>/decide/", external.decide, name="external_decide"),
    path("external/<int:external_pk>/withdraw/", external.withdraw, name="external_withdraw"),
    path("me/certificates/", me.certificates, name="certificates"),
    path("me/data/", me.personal_data, name="personal_data"),
    path("me/data/correction/", me.ask_for_correction, name="ask_for_correction"),
    path("me/data/copy.xlsx", me.personal_data_copy, name="personal_data_copy"),
    path("zone/", zone.zone, name="zone"),
    path("zone/<str:code>/", zone.zone, name="zone_organization"),
    path("zone/<str:code>/figures.xlsx", zone.zone_export, name="zone_export"),
    path("zone/<str:code>/training/", training.training, name="zone_training"),
    path("zone/<str:code>/training.xlsx", training.training_export, name="zone_training_export"),
    path("zone/<str:code>/people/", zone.zone_people, name="zone_people"),
    path("zone/<str:code>/people.xlsx", zone.zone_people_export, name="zone_people_export"),
    path("organizations/", tree.tree, name="zone_tree"),
    path("organizations/<str:code>/below/", tree.below, name="zone_tree_below"),
    path("guide/", guide.guide, name="guide"),
    path("guide/organizations.xlsx", guide.export, name="guide_export"),
    path("guide/records/<int:pk>/settle/", guide.settle, name="guide_settle"),
    path("guide/<str:code>/", guide.organization, name="guide_organization"),
    path("workbench/", include(workbench)),
    path("language/", frame.language, name="language"),
    path("manifest.webmanifest", frame.manifest, name="manifest"),
    path("service-worker.js", frame.service_worker, name="service_worker"),
    path("offline/", frame.offline, name="offline"),
    path("style/", style.style, name="style"),
]
