import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('learning', '0004_question_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='userresponse',
            name='attempt',
            # With a default of the database's own: the release before this one does not name the column.
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        # Added before the old one is removed: MySQL drops no index that a foreign key still needs.
        migrations.AddConstraint(
            model_name='userresponse',
            constraint=models.UniqueConstraint(fields=('challenge', 'attempt'), name='user_responses_attempt'),
        ),
        migrations.RemoveConstraint(
            model_name='userresponse',
            name='user_responses_challenge',
        ),
        migrations.CreateModel(
            name='ImportedTable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=16)),
                ('kind', models.CharField(max_length=24)),
                ('last_id', models.CharField(blank=True, max_length=64)),
                ('seen', models.PositiveBigIntegerField(default=0)),
                ('imported', models.PositiveBigIntegerField(default=0)),
                ('repaired', models.PositiveBigIntegerField(default=0)),
                ('left_out', models.PositiveBigIntegerField(default=0)),
                ('began_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'db_table': 'imported_tables',
            },
        ),
        migrations.CreateModel(
            name='ImportedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old_id', models.CharField(max_length=64)),
                ('new_id', models.CharField(blank=True, max_length=36)),
                ('outcome', models.CharField(choices=[('imported', 'Imported'), ('repaired', 'Repaired'), ('left_out', 'Left Out')], max_length=8)),
                ('owner', models.BigIntegerField(null=True)),
                ('notes', models.JSONField(default=list)),
                ('table', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='learning.importedtable')),
            ],
            options={
                'db_table': 'imported_rows',
            },
        ),
        migrations.AddConstraint(
            model_name='importedtable',
            constraint=models.UniqueConstraint(fields=('source', 'kind'), name='imported_tables_kind'),
        ),
        migrations.AddConstraint(
            model_name='importedrow',
            constraint=models.UniqueConstraint(fields=('table', 'old_id'), name='imported_rows_once'),
        ),
    ]
