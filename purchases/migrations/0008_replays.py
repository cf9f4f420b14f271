import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    """Replays of the club's past through a draft."""

    dependencies = [
        ("purchases", "0007_points_by_line"),
        ("points", "0012_tiers"),
        ("stores", "0007_audit_never_emptied"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Replay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('from_month', models.DateField()),
                ('until_month', models.DateField()),
                ('used_share', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('RUNNING', 'Running'), ('DONE', 'Done'), ('CANCELLED', 'Cancelled'), ('FAILED', 'Failed')], default='WAITING', max_length=9)),
                ('done', models.BigIntegerField(default=0)),
                ('total', models.BigIntegerField(null=True)),
                ('failure', models.CharField(blank=True, choices=[('stopped', 'It stopped several times on its way.'), ('unreadable', 'The draft has terms that cannot be read.'), ('gone', 'The draft was changed or deleted while it ran.')], db_default='', max_length=16)),
                ('result', models.JSONField(default=dict)),
                ('asked_at', models.DateTimeField()),
                ('begun_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('beside', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.earningrule')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.programme')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='points.earningrule')),
                ('started_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ReplayPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('first_member', models.BigIntegerField()),
                ('after_member', models.BigIntegerField()),
                ('receipts', models.BigIntegerField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('sums', models.JSONField(null=True)),
                ('replay', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='purchases.replay')),
            ],
        ),
        migrations.AddIndex(
            model_name='replay',
            index=models.Index(fields=['programme', '-asked_at'], name='replay_newest'),
        ),
        migrations.AddConstraint(
            model_name='replay',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['WAITING', 'RUNNING'])), fields=('programme',), name='replay_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='replay',
            constraint=models.CheckConstraint(condition=models.Q(('from_month__lt', models.F('until_month')), ('from_month__day', 1), ('until_month__day', 1)), name='replay_is_of_whole_months'),
        ),
        migrations.AddConstraint(
            model_name='replaypart',
            constraint=models.UniqueConstraint(fields=('replay', 'number'), name='replaypart_number_once'),
        ),
    ]
