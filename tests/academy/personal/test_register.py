"""All that is held about a person stands in the register; every text that may name somebody is thought of."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from academy.portal.own_register import REGISTER, held_about, sheets_of_register
from enrollment.models import Trainee, User

PARTS = [part for line in REGISTER for part in line.parts]
OURS = {"cms", "enrollment", "courses", "practicum"}
#: What an account did for others, and who looks after it: the row says what happened and names no more than
#: the account does, which loses its name. "user" and the like stand in the register.
SIGNED = (
    "_by", "created_by", "granted_by", "actor", "teacher", "uploaded_by_user", "owner",
)  # fmt: skip
#: Pointers to an account that are no more than the account itself.
OF_THE_ACCOUNT = {
    ("enrollment.User_groups", "user"),
    ("enrollment.User_user_permissions", "user"),
    ("enrollment.NoticeReceipt", "user"),
    ("enrollment.PersonMerger", "account"),
    ("enrollment.PersonMerger", "closed_account"),
    ("courses.ModulePage_instructors", "user"),
}


def relations_to(model):
    return {
        (field.related_model._meta.label, field.field.name)
        for field in model._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one)
    }


def registered(*, of_account):
    return {(part.model._meta.label, part.owner) for part in PARTS if part.of_account == of_account}


def test_every_relation_to_a_person_stands_in_the_register():
    found = {
        (label.replace("BranchActivity_attendees", "BranchActivity"), name)
        for label, name in relations_to(Trainee)
    }
    found = {(label, "attendees" if label == "enrollment.BranchActivity" else name) for label, name in found}
    assert len(found) > 20
    assert found - registered(of_account=False) == set()


def test_every_relation_to_an_account_stands_in_the_register_or_is_a_signature():
    found = {
        (label, name)
        for label, name in relations_to(User)
        if label.partition(".")[0] in OURS and not name.endswith(SIGNED)
    }
    assert len(found) > 15
    assert found - registered(of_account=True) - OF_THE_ACCOUNT == set()


# --- Every text of every table ---------------------------------------------------------------------

#: Emptied or deleted by an eraser; ``test_erasing.py`` looks for what is left.
GOES = """
practicum.Leave reason
practicum.MissedSeat appeal answer
practicum.Visit title purpose leader_name leader_phone briefing answer safety_note
practicum.Visit host_comment academy_comment
practicum.VisitPaper name
practicum.CalendarFeed token
courses.QuizAttempt answers
courses.LessonQuestion text hidden_reason
courses.LessonReply text hidden_reason
courses.LessonProgress intervals not_counted
courses.StudyClock tab
courses.ReflectionPicture file
courses.ReflectionVersion text comment
enrollment.Trainee name ethnicity education phone identity_digest identity_tail note
enrollment.Exemption reason
enrollment.User password username email name phone
enrollment.UserSession session_key session_data device
enrollment.Invitation digest
enrollment.BranchActivity title place approval_reason findings
enrollment.Enrollment note
enrollment.RosterImport file verdict
enrollment.Certificate printed revoked_reason replaced_reason
enrollment.StudyProof printed
enrollment.ExternalTraining title decision withdrawal organizer evidence evidence_name
enrollment.HourAdjustment title decision withdrawal reason
enrollment.CorrectionRequest text answer
enrollment.DuplicatePair signs
enrollment.PersonMerger reason changes
enrollment.Guidance summary follow_up settlement
enrollment.ClassLeave reason answer
enrollment.MessagePreference channels
enrollment.Message kind context link key
enrollment.DeliveryAttempt error
enrollment.OrganizationContact role name unit phone
enrollment.TrainingNeed text answer_text
enrollment.PersonTransfer destination reason sheet answer
account.EmailAddress email
account.EmailConfirmation key
mfa.Authenticator data
wagtailusers.UserProfile preferred_language current_time_zone avatar dismissibles
wagtailsearch.IndexEntry autocomplete title body
wagtailsearch.SQLiteFTSIndexEntry autocomplete title body
wagtailadmin.EditingSession object_id
wagtailadmin.FormState data object_id parent_object_id
wagtailcore.APIToken name key_hash prefix
wagtailcore.ModelLogEntry label data
"""
#: May hold a name, and stays: by law or for the reason that is named, until the period that is named.
STAYS = {
    "the ledger and events at the door are append-only evidence; the database refuses every change": """
enrollment.HourEntry title evidence_type evidence_id dimension note
practicum.CheckinEvent nonce reason ruling note
""",
    "the sealed archive of a class is proof of the training; its digest would break (privacy page)": """
enrollment.ClassArchive file manifest digest
""",
    "about a whole group; cleared when their own period ends": """
practicum.VisitPaper file
enrollment.RosterImport file_name error
enrollment.OrganizationImport file file_name error
practicum.BaseImport file file_name error
cms.Job title parameters message file file_name
cms.Upload name
enrollment.NoticeAttachment title file
wagtailcore.UploadedFile file
django_q.Task name
django_q.Success name
django_q.Failure name
django_q.OrmQ payload
""",
    "whoever still holds such a duty is not erased; it is withdrawn first": """
enrollment.Guide name phone
enrollment.Guidance guide_name
practicum.Lecturer name title unit subjects biography phone
""",
    "published content; its editors answer for whom it names": """
cms.AcademyImage title file description alt_text credit
cms.AcademyDocument title file
cms.AcademyRendition file
cms.DocumentPages folder source sheets error
cms.Video title file captions error playlist
cms.CaptionVersion content
wagtailcore.Revision object_str content
wagtailcore.PageLogEntry label data
wagtailcore.TaskState comment
wagtailcore.Comment text
wagtailcore.CommentReply text
wagtailcore.Page title draft_title
""",
    "contacts of bases and drivers, kept by those who keep the base or the vehicle": """
practicum.TrainingBase contact_name contact_phone guides
practicum.BaseImport lines words
practicum.Vehicle driver_name driver_phone
enrollment.PlanEntry responsible note
""",
    "words about a class, a session or an organization, not about one of its people": """
practicum.Session title place bring note cancel_reason
practicum.SessionSeries title place bring note
practicum.TimetableRelease note
practicum.TimetableChange plan before reason
practicum.Suspension reason
enrollment.ClassLeavePart title
enrollment.TrainingClass title description
enrollment.ClassNotice title body published_title published_text
enrollment.OrganizationChange before after reason
enrollment.ClosingTick note
enrollment.TrainingNeed answer_title answer_url
enrollment.Pairing partner_name note
courses.LessonPage reflection_task
""",
    "settings, places and codes beside the texts above, which speak of nobody": """
cms.AcademyDocument file_hash
cms.AcademyImage file_hash
cms.AcademyRendition filter_spec focal_point_key
cms.Job kind language digest url
enrollment.ClassNotice series number issuer
enrollment.ClosingTick code
enrollment.NoticeAttachment digest
enrollment.OrganizationChange document_number
enrollment.OrganizationImport lines shown words counts
practicum.BaseImport shown counts
enrollment.PlanEntry title
enrollment.TrainingClass code dimension
enrollment.TrainingNeed answer_kind
practicum.Session online_url secret dimension
practicum.SessionSeries online_url dimension weekdays left_out
practicum.Visit dimension
practicum.TrainingBase name unit organization_name theme summary story teaching_points address route
practicum.TrainingBase parking_note accessibility open_weekdays photo_rule confidentiality_rule dress_rule
practicum.Vehicle plate name
courses.LessonPage path title draft_title url_path seo_title search_description summary
""",
    "answers to a class's survey: no sheet knows who wrote it, so none can be found for a person": """
enrollment.SurveySheet answers
""",
    "numbers and codes that lead to nobody once the name is gone": """
enrollment.Certificate number verification_code
enrollment.StudyProof number verification_code digest
enrollment.PersonMerger ledger years
enrollment.ExternalTraining submission_key evidence_digest
enrollment.HourAdjustment submission_key
enrollment.BranchActivity submission_key
enrollment.Guidance nonce
enrollment.RosterImport file_digest
enrollment.StatisticalReturn figures digest
enrollment.UnknownSignIn digest
courses.QuizAttempt plan outcome
practicum.Attendance refusal
practicum.HostLinkUse address device
""",
}
#: Models whose texts are configuration, reference data or content and speak of no trainee.
NOBODY = """
practicum.BasePhoto practicum.Blackout practicum.Venue practicum.Room practicum.CalendarDay
practicum.SharedFeed courses.CatalogPage courses.CategoryPage courses.ModulePage courses.CoursePage
courses.Question courses.QuestionVersion courses.Quiz enrollment.Area enrollment.IndustryTag
enrollment.ServiceGroup enrollment.Organization enrollment.HourRule enrollment.Standing
enrollment.OrganizationStanding enrollment.ParkFigure enrollment.SurveyQuestion
enrollment.Cohort enrollment.HourMinimum enrollment.CertificateTemplate
enrollment.NoticeSettings enrollment.NeedField enrollment.RetentionPeriod enrollment.RosterColumns
enrollment.HourBalance cms.HomePage cms.StandardPage cms.NewsIndexPage cms.NewsPage cms.SiteSettings
"""


def read(table):
    return {
        (label, name)
        for line in table.strip().splitlines()
        for label, *names in [line.split()]
        for name in names
    }


def texts():
    kinds = (models.CharField, models.TextField, models.JSONField, models.FileField, models.UUIDField)
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            plain = not field.choices and not field.is_relation and not isinstance(field, models.SlugField)
            if isinstance(field, kinds) and plain and not isinstance(field, models.UUIDField):
                yield model._meta.label, field.name


def test_every_text_that_may_name_somebody_is_thought_of():
    """A new text field goes with a person, stays for a reason that is written here, or names nobody."""
    stays = [read(table) for table in STAYS.values()]
    known = read(GOES).union(*stays)
    assert sum(map(len, (read(GOES), *stays))) == len(known), "a field stands in two places"
    nobody = set(NOBODY.split())
    found = set(texts())
    ours = {one for one in found if one[0].partition(".")[0] in OURS | {"account", "mfa"}}
    assert {one for one in ours if one not in known and one[0] not in nobody} == set()
    # Of a model that holds personal texts every text is named; and what is named exists.
    assert {label for label, _name in known} & nobody == set()
    # (The index of the search has another table on each database.)
    assert {one for one in known - found if not one[0].startswith("wagtailsearch.")} == set()


# --- The page and the copy -------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_shows_every_line_with_purpose_source_and_what_leaving_does(client, sign_in, zhang):
    page = sign_in(client, zhang).get(reverse("portal:personal_data"))
    text = page.content.decode()
    for one in page.context["held"]:
        for words in (one.line.label, one.line.purpose, one.line.source, one.line.leaving):
            assert str(words) in text
    assert len(page.context["held"]) == len(REGISTER)
    assert "归档文件" in text
    assert "24个月" in text


@pytest.mark.django_db
def test_staff_without_a_roster_record_see_what_their_account_holds(client, sign_in, chen):
    page = sign_in(client, chen).get(reverse("portal:personal_data"))
    assert page.status_code == 200
    assert page.context["held"]


@pytest.mark.django_db
def test_the_copy_has_a_sheet_for_everything_and_costs_the_same_for_more(zhang):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            sheets = list(sheets_of_register(zhang, zhang.trainee))
        return len(queries), sheets

    before, sheets = cost()
    names = [sheet.title for sheet in sheets]
    assert len(set(names)) == len(names)
    assert len(names) >= 14
    for _ in range(3):
        zhang.trainee.correction_requests.create(
            text="更正", status="done", answer="好", answered_at=timezone.now()
        )
    more, sheets = cost()
    assert more <= before
    assert sum(one.number for one in held_about(zhang, zhang.trainee)) > 3
