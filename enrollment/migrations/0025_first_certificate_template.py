"""The template of certificates that an academy begins with."""

from django.db import migrations

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


def fill(apps, schema_editor):
    apps.get_model("enrollment", "CertificateTemplate").objects.get_or_create(version=1, defaults=FIRST)


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0024_certificate_templates_sound")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
