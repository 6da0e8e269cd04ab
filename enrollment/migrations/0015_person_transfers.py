"""Transfers of people between organizations, with their hand-over sheets."""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0014_people_merged'),
    ]

    operations = [
        migrations.CreateModel(
            name='PersonTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('destination', models.CharField(blank=True, help_text='Where somebody goes who leaves.', max_length=120, verbose_name='destination outside the zone')),
                ('on', models.DateField(verbose_name='effective on')),
                ('post', models.CharField(choices=[('secretary', 'Secretary'), ('deputy_secretary', 'Deputy secretary'), ('organization_member', 'Committee member for organization'), ('publicity_member', 'Committee member for publicity'), ('discipline_member', 'Committee member for discipline'), ('committee_member', 'Committee member'), ('affairs_worker', 'Affairs worker'), ('member', 'Member')], default='member', max_length=20, verbose_name='post there')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('state', models.CharField(choices=[('open', 'Waits for an answer'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('left_zone', 'Left the zone')], default='open', editable=False, max_length=10, verbose_name='state')),
                ('sheet', models.JSONField(default=dict, editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('answer', models.CharField(blank=True, max_length=200, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('reminders', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='reminders sent')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                ('from_organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transfers_out', to='enrollment.organization', verbose_name='giving organization')),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by')),
                ('to_organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transfers_in', to='enrollment.organization', verbose_name='receiving organization')),
                ('trainee', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='enrollment.trainee', verbose_name='trainee')),
            ],
            options={
                'verbose_name': 'transfer of a person',
                'verbose_name_plural': 'transfers of people',
                'ordering': ['-started_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['started_at'], name='enrollment_transfer_open_since')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('trainee',), name='enrollment_persontransfer_one_open', violation_error_message='A transfer of this person waits for an answer already.'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'left_zone'), ('to_organization__isnull', True)), models.Q(models.Q(('state', 'left_zone'), _negated=True), ('to_organization__isnull', False)), _connector='OR'), name='enrollment_persontransfer_goes_somewhere', violation_error_message='Name the receiving organization, or where outside the zone.'), models.CheckConstraint(condition=models.Q(('to_organization__isnull', True), models.Q(('to_organization', models.F('from_organization')), _negated=True), _connector='OR'), name='enrollment_persontransfer_elsewhere', violation_error_message='This person is in that organization already.'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='enrollment_persontransfer_answered_once_closed', violation_error_message='A transfer is answered when it is closed.')],
            },
        ),
    ]
