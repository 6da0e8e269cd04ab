"""Addresses of the workbench, inside the portal's name space."""

from django.urls import path

from academy.portal.workbench.views import activities, claims, classes, imports, members, requests

urlpatterns = [
    path("", members.members, name="workbench"),
    path("export/", members.export, name="workbench_export"),
    path("people/", members.picker, name="workbench_people"),
    path("import/", imports.imports, name="workbench_imports"),
    path("import/<int:pk>/", imports.roster_import, name="workbench_import"),
    path("import/<int:pk>/status/", imports.status, name="workbench_import_status"),
    path("import/<int:pk>/apply/", imports.apply, name="workbench_import_apply"),
    path("import/<int:pk>/discard/", imports.discard, name="workbench_import_discard"),
    path("import/<int:pk>/mark/", imports.mark, name="workbench_import_mark"),
    path("import/<int:pk>/undo/", imports.undo, name="workbench_import_undo"),
    path("import/<int:pk>/corrections/", imports.corrections, name="workbench_import_corrections"),
    path("classes/", classes.classes, name="workbench_classes"),
    path("classes/<int:pk>/", classes.nominations, name="workbench_class"),
    path("classes/<int:pk>/nominate/", classes.nominate, name="workbench_nominate"),
    path("classes/<int:pk>/withdraw/<int:enrollment_pk>/", classes.withdraw, name="workbench_withdraw"),
    path("requests/", requests.requests, name="workbench_requests"),
    path("requests/<int:pk>/answer/", requests.answer, name="workbench_request_answer"),
    path("external/", claims.external, name="workbench_external"),
    path("external/new/", claims.external_new, name="workbench_external_new"),
    path("adjustments/", claims.adjustments, name="workbench_adjustments"),
    path("adjustments/new/", claims.adjustment_new, name="workbench_adjustment_new"),
    path("adjustments/<int:adjustment_pk>/decide/", claims.decide, name="workbench_adjustment_decide"),
    path("adjustments/<int:adjustment_pk>/withdraw/", claims.withdraw, name="workbench_adjustment_withdraw"),
    path("activities/", activities.activities, name="workbench_activities"),
    path("activities/<int:activity_pk>/", activities.activity, name="workbench_activity"),
    path("activities/<int:activity_pk>/judge/", activities.judge, name="workbench_activity_judge"),
    path("activities/new/", activities.record, name="workbench_activity_new"),
]
