"""Addresses of the workbench, inside the portal's name space."""

from django.urls import path

from academy.portal.workbench.views import (
    activities,
    classes,
    duplicates,
    imports,
    members,
    requests,
    transfers,
)

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
    path("transfers/", transfers.transfers, name="workbench_transfers"),
    path("transfers/new/<int:pk>/", transfers.start, name="workbench_transfer_new"),
    path("transfers/<int:pk>/", transfers.transfer, name="workbench_transfer"),
    path("transfers/<int:pk>/answer/", transfers.answer, name="workbench_transfer_answer"),
    path("duplicates/", duplicates.duplicates, name="workbench_duplicates"),
    path("duplicates/search/", duplicates.search, name="workbench_duplicates_search"),
    path("duplicates/<int:pk>/", duplicates.pair, name="workbench_duplicate"),
    path("duplicates/<int:pk>/merge/", duplicates.merge, name="workbench_duplicate_merge"),
    path("duplicates/<int:pk>/apart/", duplicates.apart, name="workbench_duplicate_apart"),
    path("mergers/<int:pk>/", duplicates.merger, name="workbench_merger"),
    path("mergers/<int:pk>/undo/", duplicates.undo, name="workbench_merger_undo"),
    path("activities/", activities.activities, name="workbench_activities"),
    path("activities/new/", activities.record, name="workbench_activity_new"),
]
