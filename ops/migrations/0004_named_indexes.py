import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ops', '0003_outbox'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # First the indexes, then without those that Django had named: MySQL drops none that a foreign key needs.
        migrations.AddIndex(
            model_name='outboxmail',
            index=models.Index(fields=['user'], name='outbox_user'),
        ),
        migrations.AlterField(
            model_name='outboxmail',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
