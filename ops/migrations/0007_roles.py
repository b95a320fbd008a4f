from django.db import migrations

from ops import roles


def make(apps, schema_editor):
    roles.make(using=schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_staff_lists'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('learning', '0007_staff_lists'),
        ('metrics', '0003_staff_lists'),
        ('ops', '0006_staff_lists'),
    ]

    operations = [
        # Staff may have been given a role: taking them away is not ours.
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
