import common.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Their signatures; what they do is in 0003 and 0004.
FORWARDS = """
-- What a receipt does here: redeems the vouchers it names, stamps cards, gives back
-- what a return undoes, and turns points into vouchers where nobody has to ask.
-- p_lines: number, kind, sku, group, category, brand (as points.rules.group_name
-- writes them), quantity, amount, original_number. p_original: the purchase that comes
-- back, else NULL. p_purchase: what a web shop called it when it reserved or used a
-- voucher for it. p_currency: of the amounts; NULL is the club's.
CREATE FUNCTION offers_after_receipt(
    p_programme bigint, p_member bigint, p_receipt uuid, p_original uuid,
    p_store bigint, p_at timestamptz, p_now timestamptz, p_lines jsonb,
    p_vouchers text[], p_purchase text DEFAULT '', p_currency text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
END $$;

-- Whether anything in this programme follows from receipts here: a load asks once.
CREATE FUNCTION offers_follow_receipts(p_programme bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN false;
END $$;
"""
BACKWARDS = """
DROP FUNCTION offers_follow_receipts(bigint);
DROP FUNCTION offers_after_receipt(
    bigint, bigint, uuid, uuid, bigint, timestamptz, timestamptz, jsonb, text[], text,
    text);
"""


class Migration(migrations.Migration):
    """Vouchers from points, and what a receipt does to them."""

    initial = True

    dependencies = [
        ("members", "0008_cheaper_indexes"),
        ("points", "0012_tiers"),
        ("stores", "0007_audit_never_emptied"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Voucher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('code', models.CharField(max_length=12, verbose_name='code')),
                ('kind', models.CharField(choices=[('MONEY', 'Money off'), ('GOODS', 'Goods')], max_length=8)),
                ('value', models.DecimalField(decimal_places=2, max_digits=10)),
                ('worth', models.DecimalField(decimal_places=2, max_digits=10)),
                ('currency', models.CharField(max_length=3)),
                ('goods', models.JSONField(blank=True, default=dict)),
                ('texts', models.JSONField(blank=True, default=dict)),
                ('needs_purchase', models.BooleanField()),
                ('origin', models.CharField(choices=[('POINTS', 'Points'), ('STAMPS', 'Stamp card'), ('GOODWILL', 'Goodwill')], max_length=8)),
                ('points', models.PositiveIntegerField(default=0)),
                ('caused_by', models.UUIDField(null=True)),
                ('key', models.CharField(max_length=96, null=True)),
                ('status', models.CharField(choices=[('ISSUED', 'Valid'), ('RESERVED', 'Reserved'), ('USED', 'Used'), ('VOID', 'Withdrawn'), ('LAPSED', 'Lapsed')], default='ISSUED', max_length=8)),
                ('issued_at', models.DateTimeField()),
                ('valid_from', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('grace_days', models.PositiveSmallIntegerField(default=0)),
                ('grace_until', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('reactivations', models.PositiveSmallIntegerField(default=0)),
                ('reserved_until', models.DateTimeField(null=True)),
                ('reserved_key', models.CharField(blank=True, max_length=96)),
                ('used_at', models.DateTimeField(null=True)),
                ('used_receipt', models.UUIDField(null=True)),
                ('entry', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='points.entry')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='members.member')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='stores.programme')),
                ('reserved_store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('rule', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.earningrule')),
                ('used_store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('receipt', models.UUIDField(null=True)),
                ('key', models.CharField(blank=True, max_length=96)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('value', models.DecimalField(decimal_places=2, max_digits=10)),
                ('amount', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('quantity', models.DecimalField(decimal_places=3, default=0, max_digits=12)),
                ('returned_amount', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('returned_quantity', models.DecimalField(decimal_places=3, default=0, max_digits=12)),
                ('given_back', models.DecimalField(decimal_places=2, default=0, max_digits=10)),
                ('is_undone', models.BooleanField(default=False)),
                ('lines', models.JSONField(blank=True, default=list)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('voucher', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='offers.voucher')),
            ],
        ),
        migrations.CreateModel(
            name='VoucherEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ISSUED', 'Issued'), ('RESERVED', 'Reserved'), ('RELEASED', 'Let go'), ('USED', 'Used'), ('GIVEN_BACK', 'Valid again after a return'), ('WITHDRAWN', 'Withdrawn after a return'), ('VOIDED', 'Withdrawn by staff'), ('LAPSED', 'Lapsed'), ('REACTIVATED', 'Made valid again by staff')], max_length=12)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('value', models.DecimalField(decimal_places=2, default=0, max_digits=10)),
                ('receipt', models.UUIDField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
                ('staff', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('voucher', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='log', to='offers.voucher')),
            ],
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(fields=['member', '-id'], name='voucher_member_newest'),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(condition=models.Q(('status__in', ['ISSUED', 'RESERVED'])), fields=['grace_until'], name='voucher_open_by_end'),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(condition=models.Q(('reminded_at__isnull', True), ('status', 'ISSUED')), fields=['expires_at'], name='voucher_to_remind'),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(fields=['programme', 'status', '-id'], name='voucher_by_status'),
        ),
        migrations.AddIndex(
            model_name='voucher',
            index=models.Index(condition=models.Q(('status__in', ['ISSUED', 'RESERVED'])), fields=['member'], name='voucher_open_of_member'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(fields=('programme', 'code'), name='voucher_code_once'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('member', 'key'), name='voucher_key_once_per_member'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[0-9A-HJKMNP-TV-Z]{12}$')), name='voucher_code_is_readable'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('worth__gte', 0), ('worth__lte', models.F('value')), models.Q(('kind', 'GOODS'), ('value__gt', 0), _connector='OR')), name='voucher_worth_within_value'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__lt', models.F('expires_at')), ('expires_at__lte', models.F('grace_until'))), name='voucher_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reserved_until__isnull', False), ('status', 'RESERVED')), models.Q(models.Q(('status', 'RESERVED'), _negated=True), ('reserved_until__isnull', True)), _connector='OR'), name='voucher_reserved_until_some_time'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'USED'), _negated=True), models.Q(('used_at__isnull', False), ('worth', 0)), _connector='OR'), name='voucher_used_at_some_time'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('origin', 'POINTS'), _negated=True), ('points__gt', 0), _connector='OR'), name='voucher_of_points_has_cost_some'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(condition=models.Q(('receipt__isnull', False)), fields=['receipt'], name='redemption_by_receipt'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['member'], name='redemption_by_member'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('voucher', 'receipt'), name='redemption_once_per_receipt'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(condition=models.Q(('receipt__isnull', True)), fields=('voucher',), name='redemption_one_without_receipt'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('given_back__gte', 0), ('given_back__lte', models.F('value'))), name='redemption_gives_back_within_value'),
        ),
        migrations.AddIndex(
            model_name='voucherevent',
            index=models.Index(fields=['voucher', 'id'], name='voucherevent_in_order'),
        ),
        migrations.AddIndex(
            model_name='voucherevent',
            index=models.Index(fields=['member'], name='voucherevent_by_member'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
