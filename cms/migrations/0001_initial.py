"""Pages, pictures, documents and videos."""

import django.db.models.deletion
import django.utils.timezone
import modelsearch.index
import taggit.managers
import wagtail.fields
import wagtail.images.models
import wagtail.models.media
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('taggit', '0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx'),
        ('wagtailcore', '0098_apitoken'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NewsIndexPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
            ],
            options={
                'verbose_name': 'news list',
                'verbose_name_plural': 'news lists',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='StandardPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('introduction', models.TextField(blank=True, verbose_name='introduction')),
                ('body', wagtail.fields.StreamField([('heading', 0), ('paragraph', 1), ('callout', 5), ('figure', 9), ('quote', 12), ('table', 13), ('accordion', 17), ('video', 18), ('attachment', 19)], blank=True, block_lookup={0: ('cms.blocks.HeadingBlock', (), {}), 1: ('cms.blocks.ParagraphBlock', (), {}), 2: ('wagtail.blocks.ChoiceBlock', [], {'choices': [('note', 'Hint'), ('warning', 'Warning'), ('source', 'Source')], 'label': 'Kind'}), 3: ('wagtail.blocks.CharBlock', (), {'label': 'Title', 'required': False}), 4: ('wagtail.blocks.RichTextBlock', (), {'features': ['bold', 'italic', 'ol', 'ul', 'link', 'document-link', 'superscript', 'subscript'], 'label': 'Text'}), 5: ('wagtail.blocks.StructBlock', [[('tone', 2), ('title', 3), ('text', 4)]], {}), 6: ('wagtail.images.blocks.ImageChooserBlock', (), {'label': 'Picture'}), 7: ('wagtail.blocks.CharBlock', (), {'label': 'Caption', 'required': False}), 8: ('wagtail.blocks.CharBlock', (), {'help_text': 'For those who cannot see the picture.', 'label': 'Description', 'required': False}), 9: ('wagtail.blocks.StructBlock', [[('image', 6), ('caption', 7), ('alt', 8)]], {}), 10: ('wagtail.blocks.TextBlock', (), {'label': 'Quotation'}), 11: ('wagtail.blocks.CharBlock', (), {'label': 'Source', 'required': False}), 12: ('wagtail.blocks.StructBlock', [[('text', 10), ('source', 11)]], {}), 13: ('cms.blocks.DataTableBlock', (), {}), 14: ('wagtail.blocks.CharBlock', (), {'label': 'Title'}), 15: ('wagtail.blocks.StructBlock', [[('title', 14), ('text', 4)]], {}), 16: ('wagtail.blocks.ListBlock', (15,), {'label': 'Parts'}), 17: ('wagtail.blocks.StructBlock', [[('items', 16)]], {}), 18: ('cms.blocks.VideoBlock', (), {}), 19: ('cms.blocks.AttachmentBlock', (), {})}, verbose_name='content')),
            ],
            options={
                'verbose_name': 'page of text',
                'verbose_name_plural': 'pages of text',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='AcademyDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=255, verbose_name='title')),
                ('file', models.FileField(upload_to='documents', verbose_name='file')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('file_size', models.PositiveBigIntegerField(editable=False, null=True)),
                ('file_hash', models.CharField(blank=True, editable=False, max_length=40)),
                ('collection', models.ForeignKey(default=wagtail.models.media.get_root_collection_id, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='wagtailcore.collection', verbose_name='collection')),
                ('tags', taggit.managers.TaggableManager(blank=True, help_text=None, through='taggit.TaggedItem', to='taggit.Tag', verbose_name='tags')),
                ('uploaded_by_user', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='uploaded by user')),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'abstract': False,
            },
            bases=(modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name='AcademyImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=255, verbose_name='title')),
                ('file', wagtail.images.models.WagtailImageField(height_field='height', upload_to=wagtail.images.models.get_upload_to, verbose_name='file', width_field='width')),
                ('description', models.CharField(blank=True, default='', max_length=255, verbose_name='description')),
                ('width', models.IntegerField(editable=False, verbose_name='width')),
                ('height', models.IntegerField(editable=False, verbose_name='height')),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='created at')),
                ('focal_point_x', models.PositiveIntegerField(blank=True, null=True)),
                ('focal_point_y', models.PositiveIntegerField(blank=True, null=True)),
                ('focal_point_width', models.PositiveIntegerField(blank=True, null=True)),
                ('focal_point_height', models.PositiveIntegerField(blank=True, null=True)),
                ('file_size', models.PositiveIntegerField(editable=False, null=True)),
                ('file_hash', models.CharField(blank=True, db_index=True, editable=False, max_length=40)),
                ('alt_text', models.CharField(blank=True, max_length=200, verbose_name='description for screen readers')),
                ('credit', models.CharField(blank=True, max_length=100, verbose_name='source of the picture')),
                ('collection', models.ForeignKey(default=wagtail.models.media.get_root_collection_id, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='wagtailcore.collection', verbose_name='collection')),
                ('tags', taggit.managers.TaggableManager(blank=True, help_text=None, through='taggit.TaggedItem', to='taggit.Tag', verbose_name='tags')),
                ('uploaded_by_user', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='uploaded by user')),
            ],
            options={
                'verbose_name': 'picture',
                'verbose_name_plural': 'pictures',
                'abstract': False,
            },
            bases=(wagtail.images.models.ImageFileMixin, modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name='HomePage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('tagline', models.CharField(blank=True, max_length=120, verbose_name='tagline')),
                ('introduction', models.TextField(blank=True, verbose_name='introduction')),
                ('body', wagtail.fields.StreamField([('heading', 0), ('paragraph', 1), ('callout', 5), ('figure', 9), ('quote', 12), ('table', 13), ('accordion', 17), ('video', 18), ('attachment', 19)], blank=True, block_lookup={0: ('cms.blocks.HeadingBlock', (), {}), 1: ('cms.blocks.ParagraphBlock', (), {}), 2: ('wagtail.blocks.ChoiceBlock', [], {'choices': [('note', 'Hint'), ('warning', 'Warning'), ('source', 'Source')], 'label': 'Kind'}), 3: ('wagtail.blocks.CharBlock', (), {'label': 'Title', 'required': False}), 4: ('wagtail.blocks.RichTextBlock', (), {'features': ['bold', 'italic', 'ol', 'ul', 'link', 'document-link', 'superscript', 'subscript'], 'label': 'Text'}), 5: ('wagtail.blocks.StructBlock', [[('tone', 2), ('title', 3), ('text', 4)]], {}), 6: ('wagtail.images.blocks.ImageChooserBlock', (), {'label': 'Picture'}), 7: ('wagtail.blocks.CharBlock', (), {'label': 'Caption', 'required': False}), 8: ('wagtail.blocks.CharBlock', (), {'help_text': 'For those who cannot see the picture.', 'label': 'Description', 'required': False}), 9: ('wagtail.blocks.StructBlock', [[('image', 6), ('caption', 7), ('alt', 8)]], {}), 10: ('wagtail.blocks.TextBlock', (), {'label': 'Quotation'}), 11: ('wagtail.blocks.CharBlock', (), {'label': 'Source', 'required': False}), 12: ('wagtail.blocks.StructBlock', [[('text', 10), ('source', 11)]], {}), 13: ('cms.blocks.DataTableBlock', (), {}), 14: ('wagtail.blocks.CharBlock', (), {'label': 'Title'}), 15: ('wagtail.blocks.StructBlock', [[('title', 14), ('text', 4)]], {}), 16: ('wagtail.blocks.ListBlock', (15,), {'label': 'Parts'}), 17: ('wagtail.blocks.StructBlock', [[('items', 16)]], {}), 18: ('cms.blocks.VideoBlock', (), {}), 19: ('cms.blocks.AttachmentBlock', (), {})}, verbose_name='content')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cms.academyimage', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'home page',
                'verbose_name_plural': 'home pages',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='NewsPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('published_on', models.DateField(default=django.utils.timezone.localdate, verbose_name='date')),
                ('introduction', models.TextField(max_length=300, verbose_name='introduction')),
                ('body', wagtail.fields.StreamField([('heading', 0), ('paragraph', 1), ('callout', 5), ('figure', 9), ('quote', 12), ('table', 13), ('accordion', 17), ('video', 18), ('attachment', 19)], blank=True, block_lookup={0: ('cms.blocks.HeadingBlock', (), {}), 1: ('cms.blocks.ParagraphBlock', (), {}), 2: ('wagtail.blocks.ChoiceBlock', [], {'choices': [('note', 'Hint'), ('warning', 'Warning'), ('source', 'Source')], 'label': 'Kind'}), 3: ('wagtail.blocks.CharBlock', (), {'label': 'Title', 'required': False}), 4: ('wagtail.blocks.RichTextBlock', (), {'features': ['bold', 'italic', 'ol', 'ul', 'link', 'document-link', 'superscript', 'subscript'], 'label': 'Text'}), 5: ('wagtail.blocks.StructBlock', [[('tone', 2), ('title', 3), ('text', 4)]], {}), 6: ('wagtail.images.blocks.ImageChooserBlock', (), {'label': 'Picture'}), 7: ('wagtail.blocks.CharBlock', (), {'label': 'Caption', 'required': False}), 8: ('wagtail.blocks.CharBlock', (), {'help_text': 'For those who cannot see the picture.', 'label': 'Description', 'required': False}), 9: ('wagtail.blocks.StructBlock', [[('image', 6), ('caption', 7), ('alt', 8)]], {}), 10: ('wagtail.blocks.TextBlock', (), {'label': 'Quotation'}), 11: ('wagtail.blocks.CharBlock', (), {'label': 'Source', 'required': False}), 12: ('wagtail.blocks.StructBlock', [[('text', 10), ('source', 11)]], {}), 13: ('cms.blocks.DataTableBlock', (), {}), 14: ('wagtail.blocks.CharBlock', (), {'label': 'Title'}), 15: ('wagtail.blocks.StructBlock', [[('title', 14), ('text', 4)]], {}), 16: ('wagtail.blocks.ListBlock', (15,), {'label': 'Parts'}), 17: ('wagtail.blocks.StructBlock', [[('items', 16)]], {}), 18: ('cms.blocks.VideoBlock', (), {}), 19: ('cms.blocks.AttachmentBlock', (), {})}, verbose_name='content')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cms.academyimage', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'news',
                'verbose_name_plural': 'news',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='AcademyRendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('filter_spec', models.CharField(db_index=True, max_length=255)),
                ('file', wagtail.images.models.WagtailImageField(height_field='height', storage=wagtail.images.models.get_rendition_storage, upload_to=wagtail.images.models.get_rendition_upload_to, width_field='width')),
                ('width', models.IntegerField(editable=False)),
                ('height', models.IntegerField(editable=False)),
                ('focal_point_key', models.CharField(blank=True, default='', editable=False, max_length=16)),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='cms.academyimage')),
            ],
            options={
                'unique_together': {('image', 'filter_spec', 'focal_point_key')},
            },
            bases=(wagtail.images.models.ImageFileMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60, verbose_name='kind')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('language', models.CharField(max_length=10, verbose_name='language')),
                ('parameters', models.JSONField(default=dict, verbose_name='parameters')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('status', models.CharField(choices=[('waiting', 'Waiting its turn'), ('running', 'At work'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10, verbose_name='status')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='done')),
                ('whole', models.PositiveIntegerField(default=0, verbose_name='of')),
                ('message', models.CharField(blank=True, max_length=300, verbose_name='message')),
                ('file', models.FileField(blank=True, max_length=200, upload_to='jobs/', verbose_name='result')),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='file name')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for at')),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='queued at')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='begun at')),
                ('seen_at', models.DateTimeField(blank=True, null=True, verbose_name='last heard of')),
                ('cancel_asked_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelling asked for at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
            ],
            options={
                'verbose_name': 'background work',
                'verbose_name_plural': 'background work',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(fields=['owner', '-created_at'], name='cms_job_of_owner'), models.Index(condition=models.Q(('status__in', ['waiting', 'running'])), fields=['seen_at'], name='cms_job_open'), models.Index(fields=['ended_at'], name='cms_job_ended')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ['waiting', 'running'])), fields=('owner', 'digest'), name='cms_job_once_at_a_time', violation_error_message='This is being worked on already.'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('status__in', ['waiting', 'running'])), models.Q(('ended_at__isnull', False), ('status__in', ['done', 'failed', 'cancelled'])), _connector='OR'), name='cms_job_ended_has_moment', violation_error_message='Work that has ended names when.')],
            },
        ),
        migrations.CreateModel(
            name='Video',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('file', models.FileField(upload_to='videos/original/%Y/%m/', verbose_name='file')),
                ('captions', models.FileField(blank=True, upload_to='videos/captions/%Y/%m/', verbose_name='captions (WebVTT)')),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('transcoding', 'Being prepared'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', editable=False, max_length=12, verbose_name='status')),
                ('error', models.CharField(blank=True, editable=False, max_length=300, verbose_name='error')),
                ('percent', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='prepared (percent)')),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='queued at')),
                ('seen_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last heard of')),
                ('duration_seconds', models.FloatField(default=0, editable=False, verbose_name='length (seconds)')),
                ('width', models.PositiveIntegerField(default=0, editable=False, verbose_name='width')),
                ('height', models.PositiveIntegerField(default=0, editable=False, verbose_name='height')),
                ('playlist', models.CharField(blank=True, editable=False, max_length=200, verbose_name='playlist')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('collection', models.ForeignKey(default=wagtail.models.media.get_root_collection_id, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='wagtailcore.collection', verbose_name='collection')),
                ('poster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cms.academyimage', verbose_name='poster')),
                ('uploaded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'verbose_name': 'video',
                'verbose_name_plural': 'videos',
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('percent__lte', 100)), name='cms_video_percent_is_a_share', violation_error_message='No more than all of a video can be prepared.')],
            },
            bases=(modelsearch.index.Indexed, models.Model),
        ),
    ]
