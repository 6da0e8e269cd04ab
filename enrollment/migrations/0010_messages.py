"""Messages to people, what they chose to hear, and how it went out; a sender looks every minute."""

import datetime
import django.core.serializers.json
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


SENDING = "enrollment.message_tasks.send_messages"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=SENDING,
        defaults={"name": "Send messages", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=SENDING).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0009_roster_undone'),
        ('django_q', '0018_task_success_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('context', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='what it tells')),
                ('link', models.CharField(blank=True, max_length=300, verbose_name='leads to')),
                ('key', models.CharField(help_text='The same key reaches a person once, however often it is sent.', max_length=120, verbose_name='key')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read at')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='inbox', to=settings.AUTH_USER_MODEL, verbose_name='recipient')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'Text message'), ('wecom', 'WeCom')], max_length=10, verbose_name='channel')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed, will be tried again'), ('given_up', 'Given up')], default='waiting', max_length=10, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('due_at', models.DateTimeField(verbose_name='next try')),
                ('batch', models.UUIDField(blank=True, editable=False, null=True, verbose_name='letter')),
                ('claim', models.UUIDField(blank=True, editable=False, null=True, verbose_name='sender')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='enrollment.message', verbose_name='message')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='MessagePreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channels', models.JSONField(default=dict, help_text='For each group of messages the channels it goes out on.', verbose_name='channels')),
                ('quiet_from', models.TimeField(default=datetime.time(22, 0), verbose_name='quiet from')),
                ('quiet_until', models.TimeField(default=datetime.time(7, 0), verbose_name='quiet until')),
                ('digest', models.CharField(choices=[('at_once', 'At once'), ('daily', 'Once a day, in the morning'), ('weekly', 'Once a week, on Monday morning')], default='at_once', max_length=10, verbose_name='how often')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='message_preference', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'choice of messages',
                'verbose_name_plural': 'choices of messages',
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('outcome', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed, will be tried again'), ('given_up', 'Given up')], max_length=10, verbose_name='outcome')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('ended_at', models.DateTimeField(verbose_name='ended at')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='enrollment.delivery', verbose_name='delivery')),
            ],
            options={
                'verbose_name': 'attempt at a delivery',
                'verbose_name_plural': 'attempts at deliveries',
                'ordering': ['ended_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='enrollment_deliveryattempt_number_once')],
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['recipient', '-created_at'], name='enrollment_message_inbox'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('read_at__isnull', True)), fields=['recipient'], name='enrollment_message_unread'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['kind', 'recipient', '-created_at'], name='enrollment_message_kind'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('recipient', 'key'), name='enrollment_message_key_once', violation_error_message='This person has this message already.'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'sending', 'failed'])), fields=['due_at'], name='enrollment_delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['batch'], name='enrollment_delivery_batch'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('claim__isnull', False)), fields=['claim'], name='enrollment_delivery_claim'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('message', 'channel'), name='enrollment_delivery_once_per_channel', violation_error_message='This message is on its way over this channel already.'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sending', 'sent', 'failed', 'given_up'])), name='enrollment_delivery_state_known'),
        ),
        migrations.AddConstraint(
            model_name='messagepreference',
            constraint=models.CheckConstraint(condition=models.Q(('digest__in', ['at_once', 'daily', 'weekly'])), name='enrollment_messagepreference_digest_known', violation_error_message='“How often” is at once, once a day or once a week.'),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
