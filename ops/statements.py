"""Statements of the writing path, made once per process: Django makes each anew whenever it is sent, which was most of
what an answer cost (docs/performance.md).

The models stay the source of every name and of how a value is stored and read. What is left out: signals, defaults of
the database, conditions other than `column = value`. All of it speaks to the default database.
"""

from functools import cache
from typing import Any, TypeVar

from django.db import connection, models, transaction

Row = TypeVar("Row", bound=models.Model)


def rows(model: type[Row], *, lock: bool = False, **where: Any) -> list[Row]:
    """The rows that `where` names, locked if so wished: `filter(**where)`."""
    database = transaction.get_connection()  # not `connection`: it looks itself up for each attribute
    sql, columns, named = _selection(model, tuple(where), lock)
    with database.cursor() as cursor:
        cursor.execute(sql, _stored(named, where.values(), database))
        found = [list(values) for values in cursor.fetchall()]
    for place, column in enumerate(columns):
        for convert in [*database.ops.get_db_converters(column), *column.get_db_converters(database)]:
            for values in found:
                values[place] = convert(values[place], column, database)
    names = [column.target.attname for column in columns]
    return [model.from_db(database.alias, names, values) for values in found]


def first(model: type[Row], *, lock: bool = False, **where: Any) -> Row | None:
    """The one row that `where` names, if it is there."""
    return next(iter(rows(model, lock=lock, **where)), None)


def insert(row: models.Model) -> None:
    """Store a new row whose database gives it its id: `row.save(force_insert=True)`."""
    database = transaction.get_connection()
    sql, fields = _insertion(type(row))
    with database.cursor() as cursor:
        cursor.execute(sql, _stored(fields, [getattr(row, field.attname) for field in fields], database))
        row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, database.alias


def update(model: type[models.Model], where: dict[str, Any], added: dict[str, Any], **changed: Any) -> bool:
    """Add to the columns of `added` and set those of `changed` in the rows that `where` names; False when there are
    none: `filter(**where).update(...)` with F expressions."""
    database = transaction.get_connection()
    sql, fields = _change(model, tuple(where), tuple(added), tuple(changed))
    with database.cursor() as cursor:
        cursor.execute(sql, _stored(fields, [*added.values(), *changed.values(), *where.values()], database))
        return bool(cursor.rowcount)


def _stored(fields: Any, values: Any, database: Any) -> list[Any]:
    return [field.get_db_prep_save(value, database) for field, value in zip(fields, values, strict=True)]


@cache
def _selection(model: type[models.Model], where: tuple[str, ...], lock: bool) -> tuple[str, list[Any], list[Any]]:
    fields = _fields(model)
    sql = f"SELECT {', '.join(map(_column, fields.values()))} FROM {_table(model)} WHERE {_named(fields, where)}"
    if lock and connection.features.has_select_for_update:
        sql += " FOR UPDATE"
    columns = [field.get_col(model._meta.db_table) for field in fields.values()]
    return sql, columns, [fields[name] for name in where]


@cache
def _insertion(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [field for field in _fields(model).values() if not field.primary_key]
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_table(model)} ({', '.join(map(_column, fields))}) VALUES ({places})", fields


@cache
def _change(
    model: type[models.Model], where: tuple[str, ...], added: tuple[str, ...], changed: tuple[str, ...]
) -> tuple[str, list[Any]]:
    fields = _fields(model)
    sums = [f"{column} = {column} + %s" for column in (_column(fields[name]) for name in added)]
    changes = sums + [f"{_column(fields[name])} = %s" for name in changed]
    sql = f"UPDATE {_table(model)} SET {', '.join(changes)} WHERE {_named(fields, where)}"
    return sql, [fields[name] for name in (*added, *changed, *where)]


def _fields(model: type[models.Model]) -> dict[str, Any]:
    return {field.attname: field for field in model._meta.concrete_fields}


def _named(fields: dict[str, Any], where: tuple[str, ...]) -> str:
    return " AND ".join(f"{_column(fields[name])} = %s" for name in where)


def _column(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
