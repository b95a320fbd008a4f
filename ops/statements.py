"""Statements of the writing path, compiled once per process: Django compiles each anew whenever it is sent, which takes
five times as long as the database takes to answer it.

The models stay the source of every name and of how a value is stored. What is not done here: signals, defaults of the
database, relations. All of it speaks to the default database.
"""

from functools import cache
from typing import Any

from django.db import connection, models


def insert(row: models.Model) -> None:
    """Store a new row whose database gives it its id, as `row.save(force_insert=True)` does; 300 us less."""
    sql, fields = _insertion(type(row))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, connection.alias


def add(model: type[models.Model], where: dict[str, Any], added: dict[str, Any], **latest: Any) -> bool:
    """Add to the columns of `added`, and set those of `latest`, in the rows that `where` names; False when there are
    none. As `filter(**where).update(...)` with F expressions does; 800 us less."""
    sql, fields = _addition(model, tuple(where), tuple(added), tuple(latest))
    values = [*added.values(), *latest.values(), *where.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            sql, [field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True)]
        )
        return bool(cursor.rowcount)


@cache
def _insertion(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(_name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_name(model._meta.db_table)} ({names}) VALUES ({places})", fields


@cache
def _addition(
    model: type[models.Model], where: tuple[str, ...], added: tuple[str, ...], latest: tuple[str, ...]
) -> tuple[str, list[Any]]:
    columns = {field.attname: _name(field.column) for field in model._meta.concrete_fields}
    changes = [f"{columns[name]} = {columns[name]} + %s" for name in added] + [f"{columns[n]} = %s" for n in latest]
    tests = " AND ".join(f"{columns[name]} = %s" for name in where)
    sql = f"UPDATE {_name(model._meta.db_table)} SET {', '.join(changes)} WHERE {tests}"
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return sql, [fields[name] for name in (*added, *latest, *where)]


def _name(identifier: str) -> str:
    return connection.ops.quote_name(identifier)
