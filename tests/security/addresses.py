"""Who may open which address: one line for each name or group of names. A new address needs a line here.

The walk is in test_every_url.py. People: the stranger (not signed in), 张学员 and 王书记 (trainees on the
roster of the class), 李干事 (affairs worker of their organization), 陈讲师 (instructor), 赵管理员
(administrator), 孙主任 (host of the base), 周主任 (zone leader) and the outsider (a trainee of another park).
Objects belong to 张学员's side.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

PEOPLE = ("zhang", "wang", "li", "chen", "zhao", "sun", "zhou", "outsider")
SIGNED_IN = frozenset(PEOPLE)
EVERYBODY = SIGNED_IN | {"stranger"}
TRAINEES = frozenset({"zhang", "wang", "li", "outsider"})
NOBODY: frozenset[str] = frozenset()
ADMIN = frozenset({"chen", "zhao"})


@dataclass(frozen=True)
class Line:
    """``pattern`` is matched against ``namespace:name`` (or ``/path`` of an address without a name).

    ``depends``: these people may get in or not, as the object or their permissions have it; they never see
    an error.
    """

    pattern: str
    who: frozenset[str]
    depends: frozenset[str] = NOBODY


def line(pattern: str, who: frozenset[str], depends: frozenset[str] = NOBODY) -> Line:
    return Line(pattern, who, depends)


def some(*people: str) -> frozenset[str]:
    return frozenset(people)


#: The first line that matches holds.
TABLE = (
    # --- Signing in, and a person's own account
    line(":account_login", EVERYBODY),
    line(":account_logout", EVERYBODY),
    line(":account_inactive", EVERYBODY),
    line(":mfa_authenticate", NOBODY, EVERYBODY),
    line(":mfa_index", SIGNED_IN),
    line(":mfa_*", NOBODY, SIGNED_IN),
    line(":account_reauthenticate", SIGNED_IN),
    line(":account_change_password", SIGNED_IN),
    line("accounts:overview", EVERYBODY),
    line("accounts:standing", EVERYBODY),
    line("accounts:devices", SIGNED_IN),
    line("accounts:end_*", SIGNED_IN),
    line("accounts:invitation_code", EVERYBODY),
    line("accounts:invitation", EVERYBODY),
    line("accounts:invitations", some("li", "zhao")),
    line("accounts:revoke_invitation", some("li", "zhao")),
    # --- The portal
    line("portal:home", EVERYBODY),
    line(":favicon", EVERYBODY),
    line("portal:manifest", EVERYBODY),
    line("portal:service_worker", EVERYBODY),
    line("portal:offline", EVERYBODY),
    line("portal:language", EVERYBODY),
    line("portal:style", some("zhao"), ADMIN),
    line("portal:me", SIGNED_IN),
    line("portal:ledger", SIGNED_IN),
    line("portal:explanation", SIGNED_IN),
    line("portal:person_explanation", some("zhang", "li", "zhao", "zhou")),
    line("portal:external", SIGNED_IN),
    line("portal:external_new", SIGNED_IN),
    line("portal:external_*", some("zhang", "li", "zhao")),
    line("portal:certificates", SIGNED_IN),
    line("portal:personal_data", SIGNED_IN),
    line("portal:personal_data_copy", SIGNED_IN),
    line("portal:ask_for_correction", SIGNED_IN),
    line("messages:open", some("zhang")),
    line("messages:*", SIGNED_IN),
    line("portal:zone", some("zhao", "zhou"), some("li")),
    line("portal:zone_*", some("zhao", "zhou"), some("li")),
    line("portal:guide", NOBODY, SIGNED_IN),
    line("portal:guide_*", NOBODY, SIGNED_IN),
    line("portal:workbench_import*", some("li", "zhao")),
    line("portal:workbench_transfer_new", some("li", "zhao")),
    line("portal:workbench_transfer*", some("li", "zhao")),
    # A pair wholly among one's own people; the administrator's are all.
    line("portal:workbench_duplicate", some("li", "zhao")),
    line("portal:workbench_duplicate_*", some("li", "zhao")),
    line("portal:workbench_merger*", some("li", "zhao")),
    line("portal:workbench_withdraw", some("li"), some("zhao")),
    line("portal:workbench_nominate", some("li"), some("zhao")),
    line("portal:workbench_class", some("li"), some("zhao")),
    line("portal:workbench*", some("li", "zhao")),
    # --- Classes and certificates
    line("enrollment:certificate", EVERYBODY),
    line("enrollment:certificate_check", EVERYBODY),
    line("enrollment:plan*", some("li", "zhao"), some("chen", "zhou", "sun")),
    line("enrollment:needs*", SIGNED_IN),
    line("enrollment:need_new", SIGNED_IN),
    line("enrollment:need", some("zhang", "li", "zhao"), some("zhou")),
    line("enrollment:class_open", SIGNED_IN),
    line("enrollment:class_page", some("zhang", "wang", "li", "zhao"), some("zhou")),
    line("enrollment:class_terms", some("zhao")),
    line("enrollment:class_quotas", some("zhao")),
    line("enrollment:class_closing", some("zhao")),
    line("enrollment:class_survey", some("zhang", "wang", "zhao")),
    line("enrollment:class_survey_paper", NOBODY, some("zhao")),
    line("enrollment:class_archive", some("zhao")),
    line("enrollment:class_archive_file", NOBODY, some("zhao")),
    line("enrollment:class_copy", some("zhao")),
    line("enrollment:class_notice*", some("zhang", "wang", "li", "zhao"), some("zhou")),
    line("enrollment:class_leave", some("zhang", "wang", "zhao")),
    line("enrollment:class_leave_*", some("zhang", "zhao")),
    line("enrollment:certificate_pdf", some("zhang", "li", "zhao")),
    line("enrollment:proof", some("zhang", "li", "zhao")),
    line("enrollment:certificate_manage", some("zhao"), some("chen")),
    line("enrollment:certificate_template", some("zhao")),
    line("enrollment:certificate_sample", some("zhao")),
    line("enrollment:class_certificates", some("zhao"), some("chen")),
    # Anyone with a role may open the list; it holds what they may see.
    line("enrollment:class_*", some("li", "zhao"), some("chen", "zhou", "sun")),
    # --- Courses
    line("courses:beat", SIGNED_IN),
    line("courses:read", SIGNED_IN),
    line("courses:attempt_save", some("zhang"), SIGNED_IN),
    line("courses:attempt*", some("zhang")),
    line("courses:quiz", SIGNED_IN),
    line("courses:record", NOBODY, SIGNED_IN),
    line("courses:lesson", SIGNED_IN),
    line("courses:questions", SIGNED_IN),
    line("courses:question_hide*", some("chen", "zhao")),
    line("courses:question_*", SIGNED_IN),
    line("courses:reflection", NOBODY, SIGNED_IN),
    line("courses:reflection_picture", some("zhang", "chen", "zhao")),
    line("courses:teaching", some("chen", "zhao")),
    line("courses:teaching_*", some("chen", "zhao")),
    line("courses:follow_export", some("chen", "zhao"), some("li")),
    line("courses:follow", some("chen", "zhao"), some("li")),
    line("courses:*", EVERYBODY),
    # --- Practicum
    line("practicum:base_list", EVERYBODY),
    line("practicum:base", EVERYBODY),
    line("practicum:base_map", EVERYBODY),
    line("practicum:scan", NOBODY, EVERYBODY),
    line("practicum:feed", EVERYBODY),
    line("practicum:planner*", some("zhao"), some("chen")),
    line("practicum:schedule", SIGNED_IN),
    line("practicum:subscribe", SIGNED_IN),
    line("practicum:shared_feeds", SIGNED_IN),
    line("practicum:shared_feed", some("zhao", "sun")),
    line("practicum:shared_ics", EVERYBODY),
    line("practicum:enter", TRAINEES, SIGNED_IN),
    line("practicum:my_code", TRAINEES, SIGNED_IN),
    # Only a session of a visit has one; the walk's has none.
    line("practicum:briefing", NOBODY, SIGNED_IN),
    line("practicum:session", some("zhang", "wang", "zhao", "sun"), some("li", "zhou", "chen")),
    line("practicum:session_calendar", some("zhang", "wang", "zhao", "sun"), some("li", "zhou", "chen")),
    line("practicum:seat", some("zhang", "wang"), some("li", "chen", "zhao", "sun", "zhou")),
    line("practicum:open_visits", SIGNED_IN),
    line("practicum:draft*", some("zhao"), some("chen")),
    line("practicum:releases", SIGNED_IN),
    line("practicum:release", some("zhang", "wang", "zhao"), some("chen")),
    line("practicum:seats", SIGNED_IN),
    line("practicum:seat_people", some("li", "zhao")),
    line("practicum:missed_seats", SIGNED_IN),
    line("practicum:seat_appeal", some("zhang")),
    line("practicum:appeals", some("zhao"), some("chen")),
    line("practicum:appeal_decide", some("zhao")),
    line("practicum:ask_leave", some("zhang", "wang"), some("li", "chen", "zhao", "sun", "zhou")),
    line("practicum:checkin", some("zhang", "wang"), SIGNED_IN),
    line("practicum:code_*", some("zhao"), some("chen", "sun")),
    line("practicum:scann*", some("zhao"), some("chen", "sun")),
    line("practicum:attendance", some("zhao"), some("chen", "sun", "li")),
    line("practicum:roll_call", some("zhao"), some("chen", "sun", "zhang", "wang")),
    line("practicum:settle", some("zhao"), some("chen")),
    line("practicum:person", some("zhao"), some("chen", "sun")),
    line("practicum:decide_leave", some("zhao"), some("chen")),
    line("practicum:timetable", some("zhang", "wang", "zhao"), some("chen", "li", "zhou", "sun")),
    # A base's link opens to whoever has it; the walk has a good one.
    line("practicum:link*", EVERYBODY),
    line("practicum:base_link", some("zhao")),
    line("practicum:base_suspension", some("zhao", "sun")),
    line("practicum:visit_elsewhere", some("zhao")),
    line("practicum:statistics*", some("zhao")),
    line("practicum:closures", some("zhao"), some("chen")),
    line("practicum:closure*", some("zhao")),
    line("practicum:paper*", some("zhao"), some("chen")),
    line("practicum:visit*", some("zhao"), some("chen")),
    line("practicum:host*", some("sun"), some("zhao")),
    # --- Background work: a person's own
    line("jobs:list", SIGNED_IN),
    line("jobs:*", some("li")),
    # --- Printed forms: each finds its subject for whoever asks
    line("forms:*", some("zhao"), SIGNED_IN),
    # --- Files and pages of the site
    line("cms:*", NOBODY, EVERYBODY),
    line(":wagtaildocs_*", NOBODY, EVERYBODY),
    line(":wagtailcore_*", NOBODY, EVERYBODY),
    line(":wagtail_serve", NOBODY, EVERYBODY),
    line("/_util/login/", NOBODY),
    # --- The admin. Its own doors lead to ours; nothing of it answers a stranger or a trainee.
    line(":wagtailadmin_login", NOBODY, ADMIN),
    line("/admin/login/", NOBODY, ADMIN),
    line(":wagtailadmin_logout", NOBODY, ADMIN),
    line(":wagtailadmin_password_reset*", NOBODY),
    line("/admin/bulk/enrollment/user/*", NOBODY),
    line(":wagtailadmin_sprite", EVERYBODY),
    line(":wagtailadmin_javascript_catalog", EVERYBODY),
    line(":wagtailadmin_error_test", NOBODY),
    line("/admin/failwhale/", NOBODY),
    line(":wagtailadmin_home", ADMIN),
    line(":wagtailadmin_account", ADMIN),
    line("/admin/account/", ADMIN),
    line("wagtailusers_users:index*", some("zhao")),
    line("wagtailusers_users:*", NOBODY, some("zhao")),
    line("wagtailusers_groups:*", NOBODY, some("zhao")),
    line("trainees:*", NOBODY, some("zhao")),
    line("exemptions:*", NOBODY, some("zhao")),
    line("organizations:*", NOBODY, some("zhao")),
    line("service_groups:*", NOBODY, some("zhao")),
    line("titles:*", NOBODY, some("zhao")),
    line("contacts:*", NOBODY, some("zhao")),
    line("pairings:*", NOBODY, some("zhao")),
    line("areas:*", NOBODY, some("zhao")),
    line("industry_tags:*", NOBODY, some("zhao")),
    line("guides:*", NOBODY, some("zhao")),
    line("hour_rules:*", NOBODY, some("zhao")),
    line("hour_minimums:*", NOBODY, some("zhao")),
    line("hour_entries:*", NOBODY, some("zhao")),
    line("retention_periods:*", NOBODY, some("zhao")),
    line("erasure:*", some("zhao")),
    line("stuck_messages:*", some("zhao")),
    line(":enrollment_log", some("zhao")),
    line("year_closures:*", NOBODY, some("zhao")),
    line("courses_publishing:confirm", NOBODY, some("zhao")),
    line("wagtailsites:*", NOBODY, some("zhao")),
    line("wagtailredirects:*", NOBODY, some("zhao")),
    line("wagtailsettings:*", NOBODY, some("zhao")),
    line("wagtailforms:*", NOBODY, ADMIN),
    line("practicum_*:*", NOBODY, ADMIN),
    line("classes:*", NOBODY, ADMIN),
    line("class_notices:*", NOBODY, ADMIN),
    line("need_fields:*", NOBODY, some("zhao")),
    line("*_chooser:*", NOBODY, ADMIN),
    line("wagtailsnippet*", NOBODY, ADMIN),
    line("wagtailimages*:*", NOBODY, ADMIN),
    line("wagtaildocs*:*", NOBODY, ADMIN),
    line("wagtailembeds:*", NOBODY, ADMIN),
    line("wagtailadmin_*:*", NOBODY, ADMIN),
    line(":wagtailadmin_*", NOBODY, ADMIN),
    line(":wagtail_bulk_action", NOBODY, ADMIN),
    line("/admin/test404/", NOBODY, ADMIN),
    # Only adds a slash.
    line("/admin/^.*/$", NOBODY, EVERYBODY),
)


def line_for(identity: str) -> Line | None:
    """The line for an address, if there is one."""
    return next((one for one in TABLE if fnmatchcase(identity, one.pattern)), None)
