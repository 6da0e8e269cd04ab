import datetime as dt
from django.utils import timezone
from courses.models import LessonPage, StudyClock, CoursePage
from cms.models import Video

OUT = "/tmp/look/"


def test_look(door, records):
    for dev in ("phone", "desktop"):
        p = getattr(door, dev)("chen")
        c = CoursePage.objects.filter(
            path__startswith=CoursePage.objects.get(slug="shuangxiang-jinru").get_parent().path
        ).first()
        p.goto(f"/courses/teaching/archive/?page=course-{c.pk}")
        p.screenshot(path=OUT + f"archive-{dev}.png", full_page=True)
        v = Video.objects.exclude(captions="").first()
        p.goto(f"/admin/snippets/cms/video/captions/{v.pk}/")
        p.wait_for_timeout(1500)
        p.screenshot(path=OUT + f"captions-{dev}.png")
        p.goto(f"/admin/snippets/cms/video/edit/{v.pk}/")
        p.wait_for_timeout(1000)
        p.screenshot(path=OUT + f"video-{dev}.png", full_page=True)
    z = door.desktop("zhao")
    r = z.goto("/admin/settings/courses/presenceprompts/")
    print(r.status, z.url)
    z.screenshot(path=OUT + "settings.png")
    lesson = LessonPage.objects.live().filter(rule="watch").order_by("-path").first()
    for dev, who in (("phone", "zhang"), ("desktop", "li")):
        p = getattr(door, dev)(who)
        p.goto(lesson.own_path())
        p.evaluate(
            "document.querySelector('[data-presence]').showModal(); document.querySelector('[data-presence-left]').textContent='90'"
        )
        p.screenshot(path=OUT + f"presence-{dev}.png")
        p.evaluate(
            "document.querySelectorAll('[data-presence] [data-asking]').forEach(e=>e.hidden=true);document.querySelectorAll('[data-presence] [data-ignored]').forEach(e=>e.hidden=false)"
        )
        p.screenshot(path=OUT + f"ignored-{dev}.png")
