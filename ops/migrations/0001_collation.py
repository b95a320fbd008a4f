from django.db import migrations


def set_collation(apps, schema_editor):
    """Compare texts by their characters, as SQLite does: «ñ» is not «n», and what people mean by the same theme is
    the folded key stored beside it. Tables made from here on take it over."""
    if schema_editor.connection.vendor == "mysql":
        name = schema_editor.quote_name(schema_editor.connection.settings_dict["NAME"])
        schema_editor.execute(f"ALTER DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")


class Migration(migrations.Migration):
    atomic = False  # MySQL cannot roll DDL back
    dependencies = []
    # Before any table, Django's own included.
    run_before = [
        ("contenttypes", "0001_initial"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(set_collation, migrations.RunPython.noop)]
