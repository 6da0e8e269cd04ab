"""Organizations keep a dated history that nobody alters, their pairings and their five-one contacts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from enrollment.models.accounts import Role
from enrollment.roles import EVERYTHING, permit

TABLE = "enrollment_organizationchange"


def guard(apps, schema_editor):
    """The database itself refuses to alter a line of history, as it does for the ledger (0003)."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb} BEFORE {verb.upper()} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, 'The history of organizations is never {verb}d.'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """
            CREATE OR REPLACE FUNCTION enrollment_refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'The history of organizations is never %%d.', lower(TG_OP)
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        schema_editor.execute(
            f"CREATE OR REPLACE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE "
            f"ON {TABLE} FOR EACH ROW EXECUTE FUNCTION enrollment_refuse_history_change()"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}")
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_refuse_history_change()")


def let_administrators_work(apps, schema_editor):
    permit(apps, Role.ADMINISTRATOR, "enrollment", dict.fromkeys(["organizationcontact", "pairing"], EVERYTHING))
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"organizationchange": ["view"]})


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0007_begin_year'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrganizationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('founded', 'Founded'), ('split_off', 'Founded out of another'), ('renamed', 'Renamed'), ('moved', 'Placed under another'), ('regraded', 'Kind changed'), ('merged', 'Merged into another'), ('dissolved', 'Dissolved')], max_length=12, verbose_name='what happened')),
                ('effective_on', models.DateField(verbose_name='effective on')),
                ('before', models.CharField(blank=True, max_length=120, verbose_name='before')),
                ('after', models.CharField(blank=True, max_length=120, verbose_name='after')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('document_number', models.CharField(blank=True, max_length=60, verbose_name='document number')),
                ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='recorded at')),
            ],
            options={
                'verbose_name': 'change of an organization',
                'verbose_name_plural': 'changes of organizations',
                'ordering': ['-effective_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='OrganizationContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(help_text="As the zone's “five ones” names it, e.g. liaison leader.", max_length=40, verbose_name='role')),
                ('name', models.CharField(help_text='A person, or a unit.', max_length=60, verbose_name='name')),
                ('unit', models.CharField(blank=True, max_length=120, verbose_name='unit and post')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='telephone')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
            ],
            options={
                'verbose_name': 'contact of an organization',
                'verbose_name_plural': 'contacts of organizations',
                'ordering': ['role', '-starts_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Pairing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('partner_name', models.CharField(blank=True, help_text='Only where it is not in the tree: a community, a government office, a village.', max_length=120, verbose_name='name of the paired organization')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'pairing',
                'verbose_name_plural': 'pairings',
                'ordering': ['-starts_on', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='organization',
            name='merged_into',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_sources', to='enrollment.organization', verbose_name='merged into'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('dissolved_on__isnull', False), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='enrollment_organization_merged_is_dissolved', violation_error_message='An organization that merged into another one is dissolved.'),
        ),
        migrations.AddField(
            model_name='organizationchange',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='enrollment.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='organizationchange',
            name='other',
            field=models.ForeignKey(blank=True, help_text='The one it merged into, or was founded out of.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes_of_others', to='enrollment.organization', verbose_name='other organization'),
        ),
        migrations.AddField(
            model_name='organizationchange',
            name='parent_after',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enrollment.organization', verbose_name='organization above after'),
        ),
        migrations.AddField(
            model_name='organizationchange',
            name='parent_before',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enrollment.organization', verbose_name='organization above before'),
        ),
        migrations.AddField(
            model_name='organizationchange',
            name='recorded_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='organizationcontact',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='enrollment.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pairings', to='enrollment.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='partner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='pairings_of_others', to='enrollment.organization', verbose_name='paired organization'),
        ),
        migrations.AddIndex(
            model_name='organizationchange',
            index=models.Index(fields=['organization', 'effective_on'], name='enrollment_orgchange_day'),
        ),
        migrations.AddConstraint(
            model_name='organizationchange',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['merged', 'dissolved'])), fields=('organization',), name='enrollment_organizationchange_ends_once', violation_error_message='This organization has already been dissolved.'),
        ),
        migrations.AddConstraint(
            model_name='organizationchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['merged', 'split_off']), _negated=True), ('other__isnull', False), _connector='OR'), name='enrollment_organizationchange_other_named', violation_error_message='Name the other organization.'),
        ),
        migrations.AddConstraint(
            model_name='organizationchange',
            constraint=models.CheckConstraint(condition=models.Q(('other__isnull', True), models.Q(('other', models.F('organization')), _negated=True), _connector='OR'), name='enrollment_organizationchange_not_itself', violation_error_message='An organization cannot merge with itself.'),
        ),
        migrations.AddConstraint(
            model_name='organizationcontact',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('organization', 'role'), name='enrollment_organizationcontact_one_a_role', violation_error_message='This organization already has a contact in this role; give the present one an end first.'),
        ),
        migrations.AddConstraint(
            model_name='organizationcontact',
            constraint=models.CheckConstraint(condition=models.Q(('role', ''), _negated=True), name='enrollment_organizationcontact_role_named', violation_error_message='Name the role of the contact.'),
        ),
        migrations.AddConstraint(
            model_name='organizationcontact',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='enrollment_organizationcontact_dates_in_order', violation_error_message='A contact cannot end before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='pairing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('partner__isnull', False), ('partner_name', '')), models.Q(('partner__isnull', True), models.Q(('partner_name', ''), _negated=True)), _connector='OR'), name='enrollment_pairing_one_partner', violation_error_message='Choose the paired organization, or write its name where it is not in the tree.'),
        ),
        migrations.AddConstraint(
            model_name='pairing',
            constraint=models.CheckConstraint(condition=models.Q(('partner__isnull', True), models.Q(('partner', models.F('organization')), _negated=True), _connector='OR'), name='enrollment_pairing_not_itself', violation_error_message='An organization cannot be paired with itself.'),
        ),
        migrations.AddConstraint(
            model_name='pairing',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='enrollment_pairing_dates_in_order', violation_error_message='A pairing cannot end before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='pairing',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True), ('partner__isnull', False)), fields=('organization', 'partner'), name='enrollment_pairing_once_at_a_time', violation_error_message='These two organizations are already paired.'),
        ),
        migrations.RunPython(guard, unguard),
        migrations.RunPython(let_administrators_work, migrations.RunPython.noop),
    ]
