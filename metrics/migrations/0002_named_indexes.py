import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # First the indexes, then without those that Django had named: MySQL drops none that a foreign key needs.
        migrations.AddConstraint(
            model_name='usermetrics',
            constraint=models.UniqueConstraint(fields=('user',), name='idx_user_metrics_user_id'),
        ),
        migrations.AlterField(
            model_name='usermetrics',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
