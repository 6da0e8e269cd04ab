"""The template that an academy begins with; and what stands on the certificates issued so far."""

from django.db import migrations
from django.utils import timezone

FIRST = {
    "title": "结业证书",
    "body": (
        "{姓名} 同志（{党组织}）于{开始日期}至{结束日期}参加“{培训班}”学习，"
        "计{学时}学时，修完规定内容，经考核合格，准予结业。"
    ),
    "footer": "{二维码}\n证书编号：{编号}\n扫描二维码，或登录学院网站输入编号和查验码查验",
    "signatory": "“两新”组织党建学院",
    "orientation": "landscape",
}


def chinese(day):
    return f"{day.year}年{day.month}月{day.day}日"


def fill(apps, schema_editor):
    template, _made = apps.get_model("enrollment", "CertificateTemplate").objects.get_or_create(
        version=1, defaults=FIRST
    )
    certificates = apps.get_model("enrollment", "Certificate").objects
    rows = certificates.filter(template=None).select_related(
        "enrollment__training_class", "enrollment__trainee__home_organization"
    )
    batch = []
    for row in rows.iterator(chunk_size=500):
        held = row.enrollment
        owner = held.training_class
        row.template, row.training_class = template, owner
        row.printed = {
            "name": held.trainee.name,
            "organization": held.trainee.home_organization.name,
            "class": owner.title,
            "class_number": owner.code,
            "starts_on": chinese(owner.starts_on),
            "ends_on": chinese(owner.ends_on),
            # Not kept at the time, and nothing is invented: a re-issue states the hours.
            "hours": "—",
            "number": row.number,
            "issued_on": chinese(timezone.localtime(row.issued_at)),
        }
        batch.append(row)
        if len(batch) == 500:
            certificates.bulk_update(batch, ["template", "training_class", "printed"])
            batch = []
    certificates.bulk_update(batch, ["template", "training_class", "printed"])


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0027_certificates")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
