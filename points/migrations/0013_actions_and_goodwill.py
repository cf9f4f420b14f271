import common.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
-- A few reasons for every programme, to begin with.
CREATE FUNCTION points_goodwill_reasons(p_programme bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO points_goodwillreason
        (public_id, programme_id, key, name_sv, name_da, name_en, is_active, "order")
    SELECT points_new_id(), p_programme, r.*, true, 10 * row_number() OVER ()
    FROM (VALUES
        ('long-queue', 'Lång kö', 'Lang kø', 'Long queue'),
        ('article-missing', 'Varan saknades', 'Varen manglede', 'Article missing'),
        ('wrong-price', 'Fel pris', 'Forkert pris', 'Wrong price'),
        ('damaged-goods', 'Skadad vara', 'Beskadiget vare', 'Damaged goods'),
        ('other-help', 'Annan hjälp', 'Anden hjælp', 'Other help')
    ) AS r (key, name_sv, name_da, name_en)
    ON CONFLICT (programme_id, key) DO NOTHING;
END $$;

CREATE FUNCTION points_programme_has_reasons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM points_goodwill_reasons(NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER programme_has_goodwill_reasons AFTER INSERT ON stores_programme
FOR EACH ROW EXECUTE FUNCTION points_programme_has_reasons();

SELECT points_goodwill_reasons(id) FROM stores_programme;

-- What was given stays as it was: a merge may hand it on, an erasure empty its note,
-- and a held one be confirmed once.
CREATE FUNCTION points_goodwill_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.public_id, NEW.key, NEW.store_id, NEW.staff_id, NEW.approved_by_id,
            NEW.reason_id, NEW.form, NEW.points, NEW.worth, NEW.currency, NEW.at,
            NEW.entry_id)
        IS DISTINCT FROM
        (OLD.id, OLD.public_id, OLD.key, OLD.store_id, OLD.staff_id, OLD.approved_by_id,
            OLD.reason_id, OLD.form, OLD.points, OLD.worth, OLD.currency, OLD.at,
            OLD.entry_id)
        OR NEW.member_id <> OLD.member_id
            AND COALESCE(current_setting('stamkund.merging', true), '') <> 'on'
        OR NEW.note NOT IN ('', OLD.note)
        OR OLD.confirmed_at IS NOT NULL
            AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at THEN
        RAISE EXCEPTION 'points_goodwillgrant is append-only: UPDATE is refused'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER goodwillgrant_stays BEFORE UPDATE ON points_goodwillgrant
FOR EACH ROW EXECUTE FUNCTION points_goodwill_stays();
CREATE TRIGGER goodwillgrant_kept BEFORE DELETE ON points_goodwillgrant
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();

-- The allowance is used when a grant is held: at the commit it must be whole.
CREATE FUNCTION points_goodwill_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM points_goodwillgrant g
            WHERE g.id = NEW.id AND g.confirmed_at IS NULL) THEN
        RAISE EXCEPTION 'goodwill % is held and was never confirmed', NEW.public_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER goodwillgrant_is_whole AFTER INSERT ON points_goodwillgrant
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION points_goodwill_is_whole();

CREATE TRIGGER actionaward_append_only BEFORE UPDATE ON points_actionaward
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
CREATE TRIGGER actionaward_kept BEFORE DELETE ON points_actionaward
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER actionaward_kept ON points_actionaward;
DROP TRIGGER actionaward_append_only ON points_actionaward;
DROP TRIGGER goodwillgrant_is_whole ON points_goodwillgrant;
DROP FUNCTION points_goodwill_is_whole();
DROP TRIGGER goodwillgrant_kept ON points_goodwillgrant;
DROP TRIGGER goodwillgrant_stays ON points_goodwillgrant;
DROP FUNCTION points_goodwill_stays();
DROP TRIGGER programme_has_goodwill_reasons ON stores_programme;
DROP FUNCTION points_programme_has_reasons();
DROP FUNCTION points_goodwill_reasons(bigint);
"""


class Migration(migrations.Migration):
    """Points for actions, and goodwill within allowances."""

    dependencies = [
        ("points", "0012_tiers"),
        ("members", "0008_cheaper_indexes"),
        ("stores", "0007_audit_never_emptied"),
        ("consent", "0012_runs_wait_for_a_person"),
        ("common", "0003_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReferralCode',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='members.member')),
                ('code', models.CharField(max_length=12, unique=True)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GoodwillReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('key', models.SlugField(db_index=False, max_length=40)),
                ('name_sv', models.CharField(max_length=60, verbose_name='name in Swedish')),
                ('name_da', models.CharField(max_length=60, verbose_name='name in Danish')),
                ('name_en', models.CharField(max_length=60, verbose_name='name in English')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('order', models.PositiveSmallIntegerField(default=100, verbose_name='place')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.programme')),
            ],
        ),
        migrations.CreateModel(
            name='GoodwillGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('key', models.UUIDField(unique=True)),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('form', models.CharField(choices=[('POINTS', 'Points'), ('VOUCHER', 'Voucher')], max_length=8)),
                ('points', models.PositiveIntegerField()),
                ('worth', models.DecimalField(decimal_places=2, max_digits=9)),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.entry')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('staff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('reason', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.goodwillreason')),
            ],
        ),
        migrations.CreateModel(
            name='GoodwillUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.CharField(choices=[('DAY', 'Day'), ('MONTH', 'Month')], max_length=5)),
                ('starts_on', models.DateField()),
                ('used', models.DecimalField(decimal_places=2, max_digits=12)),
                ('grants', models.PositiveIntegerField()),
                ('staff', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('state', models.CharField(choices=[('JOINED', 'Has joined'), ('KEPT', 'Has bought and kept it'), ('REFUSED', 'Does not count')], default='JOINED', max_length=8)),
                ('joined_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('invited', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                ('referrer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
            ],
        ),
        migrations.CreateModel(
            name='ActionAward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('action', models.CharField(max_length=40)),
                ('occasion', models.CharField(max_length=40)),
                ('number', models.PositiveSmallIntegerField()),
                ('points', models.PositiveIntegerField()),
                ('event_id', models.UUIDField()),
                ('event_kind', models.CharField(max_length=48)),
                ('at', models.DateTimeField()),
                ('given_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.earningrule')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'action', 'occasion', 'number'), name='actionaward_once_per_occasion'), models.UniqueConstraint(fields=('event_id', 'action'), name='actionaward_once_per_event'), models.CheckConstraint(condition=models.Q(('number__gt', 0), ('points__gt', 0)), name='actionaward_gives_something')],
            },
        ),
        migrations.CreateModel(
            name='CustomEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('external_id', models.CharField(max_length=128)),
                ('event_id', models.UUIDField(unique=True)),
                ('at', models.DateTimeField()),
                ('body_hash', models.BinaryField(max_length=32)),
                ('received_at', models.DateTimeField()),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.programme')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('programme', 'name', 'external_id'), name='customevent_once')],
            },
        ),
        migrations.CreateModel(
            name='GoodwillAllowance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('staff_one_grant', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='staff, at most at once')),
                ('staff_per_day', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='staff, a day')),
                ('staff_per_month', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='staff, a month')),
                ('manager_one_grant', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='managers, at most at once')),
                ('manager_per_day', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='managers, a day')),
                ('manager_per_month', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='managers, a month')),
                ('store_per_day', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='the store, a day')),
                ('store_per_month', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='the store, a month')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.programme')),
                ('store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('programme', 'store'), name='goodwillallowance_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('manager_one_grant__gte', 0), ('manager_per_day__gte', 0), ('manager_per_month__gte', 0), ('staff_one_grant__gte', 0), ('staff_per_day__gte', 0), ('staff_per_month__gte', 0), ('store_per_day__gte', 0), ('store_per_month__gte', 0)), name='goodwillallowance_not_negative')],
            },
        ),
        migrations.AddConstraint(
            model_name='goodwillreason',
            constraint=models.UniqueConstraint(fields=('programme', 'key'), name='goodwillreason_key_once'),
        ),
        migrations.AddIndex(
            model_name='goodwillgrant',
            index=models.Index(fields=['store', '-at', '-id'], name='goodwillgrant_of_store'),
        ),
        migrations.AddIndex(
            model_name='goodwillgrant',
            index=models.Index(fields=['member', '-at'], name='goodwillgrant_of_member'),
        ),
        migrations.AddIndex(
            model_name='goodwillgrant',
            index=models.Index(fields=['staff', '-at'], name='goodwillgrant_of_staff'),
        ),
        migrations.AddConstraint(
            model_name='goodwillgrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('form', 'POINTS'), ('points__gt', 0)), models.Q(('entry__isnull', True), ('form', 'VOUCHER'), ('points', 0)), _connector='OR'), name='goodwillgrant_points_or_voucher'),
        ),
        migrations.AddConstraint(
            model_name='goodwillgrant',
            constraint=models.CheckConstraint(condition=models.Q(('worth__gt', 0)), name='goodwillgrant_is_worth_something'),
        ),
        migrations.AddConstraint(
            model_name='goodwillgrant',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('staff')), _negated=True), _connector='OR'), name='goodwillgrant_nobody_approves_their_own'),
        ),
        migrations.AddConstraint(
            model_name='goodwilluse',
            constraint=models.UniqueConstraint(fields=('store', 'staff', 'period', 'starts_on'), name='goodwilluse_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='goodwilluse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('staff__isnull', False), ('store__isnull', True)), models.Q(('staff__isnull', True), ('store__isnull', False)), _connector='OR'), name='goodwilluse_of_one'),
        ),
        migrations.AddConstraint(
            model_name='goodwilluse',
            constraint=models.CheckConstraint(condition=models.Q(('used__gte', 0)), name='goodwilluse_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='goodwilluse',
            constraint=models.CheckConstraint(condition=models.Q(('period', 'DAY'), ('starts_on__day', 1), _connector='OR'), name='goodwilluse_month_begins_it'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(condition=models.Q(('state', 'JOINED')), fields=['joined_at'], name='referral_waiting'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('referrer', models.F('invited')), _negated=True), ('state', 'REFUSED'), _connector='OR'), name='referral_not_of_oneself'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state', 'JOINED')), models.Q(models.Q(('state', 'JOINED'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='referral_settled_when_it_is'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
