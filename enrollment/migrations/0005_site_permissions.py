"""Administrators run the whole site; instructors add pictures, files and videos to what they write."""

from django.db import migrations

from enrollment.models import Role
from enrollment.roles import EVERYTHING, GROUP_NAMES, permit

PAGE_ACTIONS = ("add", "change", "publish", "bulk_delete", "lock", "unlock")
#: Permissions on the root collection, by model. Wagtail asks for those of its own models, whatever stands in
#: for them.
SHELVES = [
    ("wagtailimages", "image", ("add", "change", "choose")),
    ("wagtaildocs", "document", ("add", "change", "choose")),
]


def grant(apps, schema_editor):
    Group = apps.get_model("auth.Group")
    Permission = apps.get_model("auth.Permission")
    ContentType = apps.get_model("contenttypes.ContentType")
    Page = apps.get_model("wagtailcore.Page")
    Collection = apps.get_model("wagtailcore.Collection")
    GroupPagePermission = apps.get_model("wagtailcore.GroupPagePermission")
    GroupCollectionPermission = apps.get_model("wagtailcore.GroupCollectionPermission")

    def permission(app_label, model, action):
        content_type = ContentType.objects.get_or_create(app_label=app_label, model=model)[0]
        codename = f"{action}_{model}"
        return Permission.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": codename}
        )[0]

    administrators = Group.objects.get(name=GROUP_NAMES[Role.ADMINISTRATOR])
    root_page = Page.objects.get(depth=1)
    for action in PAGE_ACTIONS:
        GroupPagePermission.objects.get_or_create(
            group=administrators, page=root_page, permission=permission("wagtailcore", "page", action)
        )
    root_collection = Collection.objects.get(depth=1)
    for role in (Role.ADMINISTRATOR, Role.INSTRUCTOR):
        group = Group.objects.get(name=GROUP_NAMES[role])
        for app_label, model, actions in SHELVES:
            for action in actions:
                GroupCollectionPermission.objects.get_or_create(
                    group=group, collection=root_collection, permission=permission(app_label, model, action)
                )
    permit(apps, Role.ADMINISTRATOR, "cms", {"video": EVERYTHING})
    permit(apps, Role.INSTRUCTOR, "cms", {"video": ("add", "change", "view")})
    permit(apps, Role.ADMINISTRATOR, "wagtailredirects", {"redirect": EVERYTHING})


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0004_defaults"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtailredirects", "0008_add_verbose_name_plural"),
        ("cms", "0002_site"),
    ]

    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
