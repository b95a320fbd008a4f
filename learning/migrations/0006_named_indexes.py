import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('learning', '0005_first_generation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # First the indexes, then without those that Django had named: MySQL drops none that a foreign key needs.
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['challenge'], name='deliveries_challenge'),
        ),
        migrations.AddIndex(
            model_name='intensiveresponse',
            index=models.Index(fields=['challenge'], name='intensive_responses_challenge'),
        ),
        migrations.AddIndex(
            model_name='questionreport',
            index=models.Index(fields=['reason', 'state', 'created_at'], name='question_reports_reason'),
        ),
        migrations.AddIndex(
            model_name='questionreport',
            index=models.Index(fields=['decided_by'], name='question_reports_decided_by'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='challenge',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='learning.challenge'),
        ),
        migrations.AlterField(
            model_name='intensiveresponse',
            name='challenge',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='intensive_responses', to='learning.challenge'),
        ),
        migrations.AlterField(
            model_name='questionreport',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
