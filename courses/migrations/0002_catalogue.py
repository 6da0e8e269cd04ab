"""The catalogue page under the site's root, its workflow, and what instructors and administrators may do."""

from django.db import migrations
from django.utils.http import int_to_base36

STEP = 4
WORKFLOW = "管理员审核"
TASK = "内容审核"
WAGTAILS_OWN = "Moderators approval"
INSTRUCTORS = "讲师"
ADMINISTRATORS = "学院管理员"
PAGE_VERBS = ("add", "change", "publish", "bulk_delete", "lock", "unlock")
BANK = ("question", "quiz", "quizquestion")


def content_type(apps, app_label, model):
    return apps.get_model("contenttypes.ContentType").objects.get_or_create(app_label=app_label, model=model)[
        0
    ]


def permission(apps, app_label, model, codename):
    # Django makes these after all migrations; here they are needed before.
    return apps.get_model("auth.Permission").objects.get_or_create(
        content_type=content_type(apps, app_label, model), codename=codename, defaults={"name": codename}
    )[0]


def create_catalogue(apps):
    Site = apps.get_model("wagtailcore.Site")
    Page = apps.get_model("wagtailcore.Page")
    CatalogPage = apps.get_model("courses.CatalogPage")
    site = Site.objects.filter(is_default_site=True).first()
    if site is None:
        return None
    root = Page.objects.get(pk=site.root_page_id)
    last = Page.objects.filter(path__startswith=root.path, depth=root.depth + 1).order_by("-path").first()
    number = int(last.path[-STEP:], 36) + 1 if last else 1
    catalogue = CatalogPage.objects.create(
        title="课程目录",
        draft_title="课程目录",
        slug="courses",
        content_type=content_type(apps, "courses", "catalogpage"),
        path=root.path + int_to_base36(number).upper().rjust(STEP, "0"),
        depth=root.depth + 1,
        numchild=0,
        url_path=f"{root.url_path}courses/",
        show_in_menus=True,
        locale_id=root.locale_id,
    )
    root.numchild += 1
    root.save(update_fields=["numchild"])
    return catalogue


def fill(apps, schema_editor):
    Group = apps.get_model("auth.Group")
    Workflow = apps.get_model("wagtailcore.Workflow")
    WorkflowPage = apps.get_model("wagtailcore.WorkflowPage")
    WorkflowTask = apps.get_model("wagtailcore.WorkflowTask")
    GroupApprovalTask = apps.get_model("wagtailcore.GroupApprovalTask")
    GroupPagePermission = apps.get_model("wagtailcore.GroupPagePermission")

    administrators = Group.objects.get_or_create(name=ADMINISTRATORS)[0]
    instructors = Group.objects.get_or_create(name=INSTRUCTORS)[0]

    task = GroupApprovalTask.objects.create(
        name=TASK, content_type=content_type(apps, "wagtailcore", "groupapprovaltask"), active=True
    )
    task.groups.add(administrators)
    workflow = Workflow.objects.create(name=WORKFLOW, active=True)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    # One workflow for the whole site: Wagtail's own asks moderators, whom the academy does not have.
    WorkflowPage.objects.filter(workflow__name=WAGTAILS_OWN).update(workflow=workflow)
    Workflow.objects.filter(name=WAGTAILS_OWN).delete()
    GroupApprovalTask.objects.filter(name=WAGTAILS_OWN).delete()

    catalogue = create_catalogue(apps)
    if catalogue is not None:
        WorkflowPage.objects.create(page_id=catalogue.pk, workflow=workflow)
        for verb in PAGE_VERBS:
            GroupPagePermission.objects.get_or_create(
                group=administrators,
                page_id=catalogue.pk,
                permission=permission(apps, "wagtailcore", "page", f"{verb}_page"),
            )

    for model in BANK:
        for verb in ("add", "change", "view", "delete"):
            granted = permission(apps, "courses", model, f"{verb}_{model}")
            administrators.permissions.add(granted)
            # A question that attempts were given is retired, not deleted; only administrators may delete.
            if verb != "delete" or model == "quizquestion":
                instructors.permissions.add(granted)
    for verb in ("add", "change", "view", "delete"):
        administrators.permissions.add(
            permission(apps, "courses", "courseassignment", f"{verb}_courseassignment")
        )
    administrators.permissions.add(permission(apps, "courses", "modulepage", "appoint_instructors"))
    apps.get_model("courses.CatalogStamp").objects.get_or_create(pk=1, defaults={"mark": 1})


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0001_initial"),
        ("wagtailcore", "0098_apitoken"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("cms", "0002_site"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
