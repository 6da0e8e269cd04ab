"""The site's root: a Chinese home page with its news list in place of Wagtail's welcome page."""

from django.db import migrations


def create_site(apps, schema_editor):
    ContentType = apps.get_model("contenttypes.ContentType")
    Page = apps.get_model("wagtailcore.Page")
    Site = apps.get_model("wagtailcore.Site")
    Locale = apps.get_model("wagtailcore.Locale")
    HomePage = apps.get_model("cms.HomePage")
    NewsIndexPage = apps.get_model("cms.NewsIndexPage")

    Page.objects.filter(depth=2).delete()
    Page.objects.filter(depth=1).update(numchild=1, title="根目录", draft_title="根目录")
    locale = Locale.objects.get_or_create(language_code="zh-hans")[0]
    home_type = ContentType.objects.get_or_create(model="homepage", app_label="cms")[0]
    news_type = ContentType.objects.get_or_create(model="newsindexpage", app_label="cms")[0]
    home = HomePage.objects.create(
        title="“两新”组织党建学院",
        draft_title="“两新”组织党建学院",
        slug="home",
        tagline="把课堂办到企业门口，把学时记到每一个人",
        introduction="面向济南高新区两新组织党组织书记、党务工作者和党员，提供线上课程、集中培训与实训基地现场教学。",
        content_type=home_type,
        path="00010001",
        depth=2,
        numchild=1,
        url_path="/home/",
        locale=locale,
    )
    NewsIndexPage.objects.create(
        title="新闻动态",
        draft_title="新闻动态",
        slug="news",
        content_type=news_type,
        path="000100010001",
        depth=3,
        numchild=0,
        url_path="/home/news/",
        show_in_menus=True,
        locale=locale,
    )
    Site.objects.all().delete()
    Site.objects.create(
        hostname="localhost", root_page=home, is_default_site=True, site_name="“两新”组织党建学院"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0001_initial"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.RunPython(create_site, migrations.RunPython.noop),
    ]
