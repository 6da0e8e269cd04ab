"""The catalogue, lessons, quizzes and what people did in them."""

import courses.models.catalogue
import courses.models.reflections
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import modelcluster.fields
import modelsearch.index
import uuid
import wagtail.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('cms', '0001_initial'),
        ('enrollment', '0002_people_and_hours'),
        ('wagtailcore', '0098_apitoken'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('introduction', wagtail.fields.RichTextField(blank=True, verbose_name='introduction')),
            ],
            options={
                'verbose_name': 'course catalogue',
                'verbose_name_plural': 'course catalogues',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='CatalogStamp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'catalogue stamp',
                'verbose_name_plural': 'catalogue stamps',
            },
        ),
        migrations.CreateModel(
            name='CategoryPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('code', models.SlugField(blank=True, max_length=30, null=True, unique=True, verbose_name='code')),
                ('summary', models.TextField(blank=True, max_length=500, verbose_name='summary')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='CoursePage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('summary', models.TextField(blank=True, max_length=500, verbose_name='summary')),
                ('is_mandatory', models.BooleanField(default=False, verbose_name='mandatory')),
                ('is_sequential', models.BooleanField(default=False, help_text='A lesson opens when the one before it is complete.', verbose_name='in order')),
                ('needs_quizzes', models.BooleanField(default=True, help_text='The course is complete when every lesson is and every test of its lessons is passed.', verbose_name='tests belong to it')),
                ('cohorts', modelcluster.fields.ParentalManyToManyField(blank=True, help_text='Cohorts this course is written for; nobody else is shut out.', related_name='courses', to='enrollment.cohort', verbose_name='suits')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cms.academyimage', verbose_name='cover')),
            ],
            options={
                'verbose_name': 'course',
                'verbose_name_plural': 'courses',
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='ModulePage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('code', models.SlugField(blank=True, max_length=30, null=True, unique=True, verbose_name='code')),
                ('summary', models.TextField(blank=True, max_length=500, verbose_name='summary')),
                ('instructors', modelcluster.fields.ParentalManyToManyField(blank=True, help_text='They write the courses of this module and submit them; an administrator publishes.', limit_choices_to={'grants__role': 'instructor'}, related_name='modules_taught', to=settings.AUTH_USER_MODEL, verbose_name='instructors')),
            ],
            options={
                'verbose_name': 'module',
                'verbose_name_plural': 'modules',
                'permissions': [('appoint_instructors', 'Can name the instructors of a module')],
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='ModuleGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='auth.group', verbose_name='group')),
                ('module', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='team', to='courses.modulepage', verbose_name='module')),
            ],
            options={
                'verbose_name': 'team of a module',
                'verbose_name_plural': 'teams of modules',
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('single', 'One right answer'), ('multiple', 'Several right answers'), ('true_false', 'True or false')], default='single', max_length=12, verbose_name='kind')),
                ('text', models.TextField(max_length=2000, verbose_name='question')),
                ('options', courses.models.catalogue.OpenStreamField([], verbose_name='options')),
                ('explanation', models.TextField(blank=True, max_length=2000, verbose_name='explanation')),
                ('version_number', models.PositiveIntegerField(default=0, editable=False, verbose_name='version')),
                ('is_retired', models.BooleanField(default=False, verbose_name='retired')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('module', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='questions', to='courses.modulepage', verbose_name='module')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'ordering': ['-pk'],
            },
            bases=(modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name='QuestionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('kind', models.CharField(choices=[('single', 'One right answer'), ('multiple', 'Several right answers'), ('true_false', 'True or false')], max_length=12, verbose_name='kind')),
                ('text', models.TextField(verbose_name='question')),
                ('options', models.JSONField(verbose_name='options')),
                ('explanation', models.TextField(blank=True, verbose_name='explanation')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='courses.question', verbose_name='question')),
            ],
            options={
                'verbose_name': 'version of a question',
                'verbose_name_plural': 'versions of questions',
                'ordering': ['question', '-number'],
                'constraints': [models.UniqueConstraint(fields=('question', 'number'), name='courses_questionversion_number_once_per_question')],
            },
        ),
        migrations.CreateModel(
            name='Quiz',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('introduction', models.TextField(blank=True, max_length=1000, verbose_name='introduction')),
                ('pass_percent', models.PositiveSmallIntegerField(default=60, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='passed at (percent)')),
                ('time_limit_minutes', models.PositiveSmallIntegerField(blank=True, help_text='Empty: no limit. The server keeps the time.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='time limit (minutes)')),
                ('max_attempts', models.PositiveSmallIntegerField(blank=True, help_text='Empty: as often as one likes; the best attempt counts.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='attempts allowed')),
                ('shuffles_questions', models.BooleanField(default=False, verbose_name='questions in random order')),
                ('shuffles_options', models.BooleanField(default=True, verbose_name='options in random order')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('module', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='quizzes', to='courses.modulepage', verbose_name='module')),
            ],
            options={
                'verbose_name': 'test',
                'verbose_name_plural': 'tests',
                'ordering': ['title', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('pass_percent__gte', 1), ('pass_percent__lte', 100)), name='courses_quiz_pass_is_percent', violation_error_message='The passing share lies between 1 and 100 percent.')],
            },
            bases=(modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name='LessonPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('summary', models.TextField(blank=True, max_length=500, verbose_name='summary')),
                ('body', courses.models.catalogue.OpenStreamField([], blank=True, verbose_name='body')),
                ('study_minutes', models.PositiveSmallIntegerField(default=15, help_text='Decides the hours by the hour rules in force.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(600)], verbose_name='study time (minutes)')),
                ('rule', models.CharField(choices=[('read', 'Reading to the end'), ('watch', 'Watching the video'), ('quiz', 'Passing the test'), ('reflect', 'A reflection that is accepted')], default='read', max_length=10, verbose_name='complete by')),
                ('watch_percent', models.PositiveSmallIntegerField(default=80, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='share of the video to watch (percent)')),
                ('least_seconds', models.PositiveIntegerField(blank=True, help_text='Empty: worked out from the length of the text.', null=True, verbose_name='shortest reading time (seconds)')),
                ('reflection_task', models.TextField(blank=True, help_text='Shown above the form in which a reflection is written.', max_length=1000, verbose_name='what to reflect on')),
                ('reflection_least_characters', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MaxValueValidator(5000)], verbose_name='shortest reflection (characters)')),
                ('video', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='cms.video', verbose_name='video')),
                ('quiz', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='courses.quiz', verbose_name='test')),
            ],
            options={
                'verbose_name': 'lesson',
                'verbose_name_plural': 'lessons',
                'constraints': [models.CheckConstraint(condition=models.Q(('watch_percent__gte', 1), ('watch_percent__lte', 100)), name='courses_lessonpage_share_is_percent', violation_error_message='The share to watch lies between 1 and 100 percent.'), models.CheckConstraint(condition=models.Q(('study_minutes__gte', 1)), name='courses_lessonpage_takes_time', violation_error_message='A lesson takes at least one minute.')],
            },
            bases=('wagtailcore.page',),
        ),
        migrations.CreateModel(
            name='LessonProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('read', 'Reading to the end'), ('watch', 'Watching the video'), ('quiz', 'Passing the test'), ('reflect', 'A reflection that is accepted')], max_length=10, verbose_name='complete by')),
                ('video_seconds', models.FloatField(default=0, verbose_name='length of the video (seconds)')),
                ('required_seconds', models.FloatField(default=0, verbose_name='needed (seconds)')),
                ('studied_seconds', models.FloatField(default=0, verbose_name='counted (seconds)')),
                ('intervals', models.JSONField(blank=True, default=list, verbose_name='watched stretches')),
                ('position', models.FloatField(default=0, verbose_name='position in the video (seconds)')),
                ('end_reached', models.BooleanField(default=False, verbose_name='read to the end')),
                ('beat_at', models.DateTimeField(blank=True, null=True, verbose_name='last beat')),
                ('beats', models.PositiveIntegerField(default=0, verbose_name='beats')),
                ('not_counted', models.JSONField(blank=True, default=list, help_text='The latest beats that earned nothing, and why.', verbose_name='what did not count')),
                ('opened_at', models.DateTimeField(verbose_name='opened at')),
                ('studied_at', models.DateTimeField(verbose_name='last studied at')),
                ('completed_at', models.DateTimeField(blank=True, null=True, verbose_name='completed at')),
                ('quiz_passed_at', models.DateTimeField(blank=True, null=True, verbose_name='test passed at')),
                ('reflection_accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='reflection accepted at')),
                ('course', models.ForeignKey(help_text='The course the lesson stood in when it was opened.', on_delete=django.db.models.deletion.PROTECT, related_name='lesson_progress', to='courses.coursepage', verbose_name='course')),
                ('entry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enrollment.hourentry', verbose_name='ledger entry')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='progress', to='courses.lessonpage', verbose_name='lesson')),
                ('quiz_entry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enrollment.hourentry', verbose_name='ledger entry of the test')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lesson_progress', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'progress in a lesson',
                'verbose_name_plural': 'progress in lessons',
                'indexes': [models.Index(fields=['user', 'course'], name='courses_progress_user_course'), models.Index(fields=['course', 'lesson'], name='courses_progress_funnel')],
                'constraints': [models.UniqueConstraint(fields=('user', 'lesson'), name='courses_lessonprogress_once_per_lesson'), models.CheckConstraint(condition=models.Q(('video_seconds', 0), ('studied_seconds__lte', django.db.models.expressions.CombinedExpression(models.F('video_seconds'), '+', models.Value(0.01))), _connector='OR'), name='courses_lessonprogress_within_video', violation_error_message='No more can be watched than the video is long.')],
            },
        ),
        migrations.CreateModel(
            name='QuizAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='attempt')),
                ('status', models.CharField(choices=[('open', 'In progress'), ('graded', 'Graded')], default='open', max_length=8, verbose_name='status')),
                ('plan', models.JSONField(verbose_name='questions as given')),
                ('pass_percent', models.PositiveSmallIntegerField(verbose_name='passed at (percent)')),
                ('answers', models.JSONField(blank=True, default=dict, verbose_name='answers')),
                ('outcome', models.JSONField(blank=True, default=list, verbose_name='outcome')),
                ('begun_at', models.DateTimeField(verbose_name='begun at')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='time is up at')),
                ('saved_at', models.DateTimeField(blank=True, null=True, verbose_name='answers saved at')),
                ('saves', models.PositiveIntegerField(default=0, verbose_name='saves')),
                ('graded_at', models.DateTimeField(blank=True, null=True, verbose_name='graded at')),
                ('earned_points', models.PositiveIntegerField(default=0, verbose_name='points earned')),
                ('possible_points', models.PositiveIntegerField(default=0, verbose_name='points possible')),
                ('has_passed', models.BooleanField(default=False, verbose_name='passed')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quiz_attempts', to='courses.lessonpage', verbose_name='lesson')),
                ('quiz', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='courses.quiz', verbose_name='test')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quiz_attempts', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'attempt',
                'verbose_name_plural': 'attempts',
                'ordering': ['-begun_at'],
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['ends_at'], name='courses_attempt_open_ends')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('user', 'quiz'), name='courses_quizattempt_one_open', violation_error_message='You already have this test open.'), models.UniqueConstraint(fields=('user', 'quiz', 'number'), name='courses_quizattempt_number_once_per_quiz'), models.CheckConstraint(condition=models.Q(('earned_points__lte', models.F('possible_points'))), name='courses_quizattempt_points_within_possible')],
            },
        ),
        migrations.CreateModel(
            name='QuizQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sort_order', models.IntegerField(blank=True, editable=False, null=True)),
                ('points', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name='points')),
                ('pinned', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='courses.questionversion', verbose_name='pinned version')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='courses.question', verbose_name='question')),
                ('quiz', modelcluster.fields.ParentalKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='courses.quiz', verbose_name='test')),
            ],
            options={
                'verbose_name': 'question of a test',
                'verbose_name_plural': 'questions of a test',
                'ordering': ['sort_order'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('quiz', 'question'), name='courses_quizquestion_once_per_quiz', violation_error_message='A test asks each question once.')],
            },
        ),
        migrations.CreateModel(
            name='Reflection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('waiting', 'Waiting to be read'), ('returned', 'Handed back'), ('accepted', 'Accepted')], default='waiting', max_length=10, verbose_name='status')),
                ('number', models.PositiveSmallIntegerField(default=1, verbose_name='latest version')),
                ('handed_in_at', models.DateTimeField(verbose_name='handed in at')),
                ('progress', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reflection', to='courses.lessonprogress', verbose_name='progress in a lesson')),
            ],
            options={
                'verbose_name': 'reflection',
                'verbose_name_plural': 'reflections',
                'indexes': [models.Index(fields=['status', 'handed_in_at'], name='courses_reflection_queue')],
            },
        ),
        migrations.CreateModel(
            name='ReflectionPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to=courses.models.reflections.picture_path, verbose_name='file')),
                ('width', models.PositiveSmallIntegerField(verbose_name='width')),
                ('height', models.PositiveSmallIntegerField(verbose_name='height')),
                ('reflection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pictures', to='courses.reflection', verbose_name='reflection')),
            ],
            options={
                'verbose_name': 'picture of a reflection',
                'verbose_name_plural': 'pictures of reflections',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ReflectionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='version')),
                ('key', models.UUIDField(default=uuid.uuid4, verbose_name='key of the form')),
                ('text', models.TextField(max_length=20000, verbose_name='text')),
                ('handed_in_at', models.DateTimeField(verbose_name='handed in at')),
                ('verdict', models.CharField(blank=True, choices=[('waiting', 'Waiting to be read'), ('returned', 'Handed back'), ('accepted', 'Accepted')], max_length=10, verbose_name='answer')),
                ('comment', models.TextField(blank=True, max_length=2000, verbose_name='comment')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                ('pictures', models.ManyToManyField(blank=True, related_name='versions', to='courses.reflectionpicture', verbose_name='pictures')),
                ('reflection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='courses.reflection', verbose_name='reflection')),
            ],
            options={
                'verbose_name': 'version of a reflection',
                'verbose_name_plural': 'versions of reflections',
                'ordering': ['reflection', '-number'],
                'constraints': [models.UniqueConstraint(fields=('reflection', 'number'), name='courses_reflectionversion_once_per_number'), models.UniqueConstraint(fields=('reflection', 'key'), name='courses_reflectionversion_once_per_form'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('verdict', '')), models.Q(('decided_at__gte', models.F('handed_in_at')), ('verdict__in', ['returned', 'accepted'])), _connector='OR'), name='courses_reflectionversion_answered_whole', violation_error_message='An answer has its time, and comes after the handing in.')],
            },
        ),
        migrations.CreateModel(
            name='StudyClock',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='study_clock', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('tab', models.CharField(max_length=40, verbose_name='tab')),
                ('is_running', models.BooleanField(default=True, verbose_name='running')),
                ('turn', models.PositiveIntegerField(default=1, verbose_name='turn')),
                ('taken_at', models.DateTimeField(verbose_name='taken at')),
                ('progress', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clocks', to='courses.lessonprogress', verbose_name='progress in a lesson')),
            ],
            options={
                'verbose_name': 'study clock',
                'verbose_name_plural': 'study clocks',
            },
        ),
        migrations.CreateModel(
            name='CourseAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField(verbose_name='due on')),
                ('is_mandatory', models.BooleanField(default=True, verbose_name='mandatory')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('cohort', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='course_assignments', to='enrollment.cohort', verbose_name='cohort')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='course_assignments', to='enrollment.organization', verbose_name='organization')),
                ('training_class', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='course_assignments', to='enrollment.trainingclass', verbose_name='training class')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='courses.coursepage', verbose_name='course')),
            ],
            options={
                'verbose_name': 'course assignment',
                'verbose_name_plural': 'course assignments',
                'ordering': ['due_on', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('cohort__isnull', False), ('organization__isnull', True), ('training_class__isnull', True)), models.Q(('cohort__isnull', True), ('organization__isnull', True), ('training_class__isnull', False)), models.Q(('cohort__isnull', True), ('organization__isnull', False), ('training_class__isnull', True)), _connector='OR'), name='courses_courseassignment_one_target', violation_error_message='Choose a cohort, a class or an organization: exactly one of them.'), models.UniqueConstraint(condition=models.Q(('cohort__isnull', False)), fields=('course', 'cohort'), name='courses_courseassignment_once_per_cohort', violation_error_message='This course has already been given to them; change its due date.'), models.UniqueConstraint(condition=models.Q(('training_class__isnull', False)), fields=('course', 'training_class'), name='courses_courseassignment_once_per_class', violation_error_message='This course has already been given to them; change its due date.'), models.UniqueConstraint(condition=models.Q(('organization__isnull', False)), fields=('course', 'organization'), name='courses_courseassignment_once_per_organization', violation_error_message='This course has already been given to them; change its due date.')],
            },
        ),
        migrations.CreateModel(
            name='CourseProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('completed_lessons', models.PositiveSmallIntegerField(default=0, verbose_name='complete lessons')),
                ('passed_quizzes', models.PositiveSmallIntegerField(default=0, verbose_name='passed tests')),
                ('started_at', models.DateTimeField(verbose_name='begun at')),
                ('studied_at', models.DateTimeField(verbose_name='last studied at')),
                ('completed_at', models.DateTimeField(blank=True, null=True, verbose_name='completed at')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='progress', to='courses.coursepage', verbose_name='course')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='course_progress', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('last_lesson', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='courses.lessonpage', verbose_name='last lesson')),
            ],
            options={
                'verbose_name': 'progress in a course',
                'verbose_name_plural': 'progress in courses',
                'indexes': [models.Index(fields=['user', '-studied_at'], name='courses_courseprogress_recent')],
                'constraints': [models.UniqueConstraint(fields=('user', 'course'), name='courses_courseprogress_once_per_course')],
            },
        ),
        migrations.CreateModel(
            name='LessonQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, verbose_name='key of the form')),
                ('text', models.TextField(max_length=2000, verbose_name='text')),
                ('written_at', models.DateTimeField(verbose_name='written at')),
                ('hidden_at', models.DateTimeField(blank=True, null=True, verbose_name='hidden at')),
                ('hidden_reason', models.CharField(blank=True, max_length=300, verbose_name='why it is hidden')),
                ('at_seconds', models.PositiveIntegerField(blank=True, null=True, verbose_name='time in the video (seconds)')),
                ('answered_at', models.DateTimeField(blank=True, help_text='An instructor replied, or an answer was accepted; asked on, it waits again.', null=True, verbose_name='answered at')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('course', models.ForeignKey(help_text='The course the lesson stood in when it was asked.', on_delete=django.db.models.deletion.CASCADE, related_name='lesson_questions', to='courses.coursepage', verbose_name='course')),
                ('hidden_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='hidden by')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='courses.lessonpage', verbose_name='lesson')),
            ],
            options={
                'verbose_name': 'question about a lesson',
                'verbose_name_plural': 'questions about lessons',
                'indexes': [models.Index(fields=['lesson', '-written_at'], name='courses_lessonquestion_list'), models.Index(fields=['answered_at', 'written_at'], name='courses_lessonquestion_queue')],
                'constraints': [models.UniqueConstraint(fields=('author', 'key'), name='courses_lessonquestion_once_per_form')],
            },
        ),
        migrations.CreateModel(
            name='LessonReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, verbose_name='key of the form')),
                ('text', models.TextField(max_length=2000, verbose_name='text')),
                ('written_at', models.DateTimeField(verbose_name='written at')),
                ('hidden_at', models.DateTimeField(blank=True, null=True, verbose_name='hidden at')),
                ('hidden_reason', models.CharField(blank=True, max_length=300, verbose_name='why it is hidden')),
                ('by_teacher', models.BooleanField(default=False, verbose_name='by an instructor')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('hidden_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='hidden by')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='courses.lessonquestion', verbose_name='question')),
            ],
            options={
                'verbose_name': 'reply to a question',
                'verbose_name_plural': 'replies to questions',
                'ordering': ['written_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('author', 'key'), name='courses_lessonreply_once_per_form')],
            },
        ),
        migrations.AddField(
            model_name='lessonquestion',
            name='accepted',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='courses.lessonreply', verbose_name='accepted answer'),
        ),
    ]
