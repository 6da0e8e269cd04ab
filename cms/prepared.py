"""Queries that Django builds once and that are then run with other values.

Django puts a query together anew each time: a third of a millisecond for a simple one, over a millisecond
for one with several joins, most of it spent on finding out what was known before. On pages that everybody
opens all day, a prepared query keeps the statement and changes only its parameters. It is still written with
the models, so that it follows them, their managers and their database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import ForeignKey, Model, QuerySet

Value = int | str | dt.date | dt.datetime
Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class _Statement:
    """One statement for one kind of database."""

    sql: str
    #: For each parameter: the name of the value to put there, or the constant that stands there always.
    places: tuple[tuple[str, Any], ...]
    #: Column, its expression, and what Django makes of the database's value.
    conversions: tuple[tuple[int, Any, tuple[Callable[..., Any], ...]], ...]


class Prepared:
    """A query whose values change and whose statement does not.

    ``build`` gets one value for each of the named ``samples`` and returns a query set of ``values_list``. The
    samples are of the type that later values have; each occurs nowhere else in the query.

        def ended(day):
            return Term.objects.filter(ends_on__lt=day).values_list("pk")

        ENDED = Prepared(ended, day=dt.date(1901, 1, 1))
        ENDED.run(day=timezone.localdate())

    Values must not change the shape of the statement: no lists, no ``None``.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **samples: Value) -> None:
        self._build = build
        self._samples = samples
        self._statements: dict[str, _Statement] = {}

    def run(self, using: str = DEFAULT_DB_ALIAS, **values: Value) -> list[Row]:
        """Return the rows for ``values``."""
        connection = connections[using]
        statement = self._statements.get(connection.vendor) or self._prepare(using)
        given = {name: _adapted(value, connection) for name, value in values.items()}
        parameters = [given[name] if name else constant for name, constant in statement.places]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, parameters)
            rows: list[Row] = cursor.fetchall()
        if not statement.conversions:
            return rows
        return [self._converted(row, statement, connection) for row in rows]

    @staticmethod
    def _converted(row: Row, statement: _Statement, connection: Any) -> Row:
        values = list(row)
        for place, expression, converters in statement.conversions:
            for converter in converters:
                values[place] = converter(values[place], expression, connection)
        return tuple(values)

    def _prepare(self, using: str) -> _Statement:
        connection = connections[using]
        query = self._build(**self._samples).using(using).query
        compiler = query.get_compiler(using)
        sql, parameters = compiler.as_sql()
        names = {_adapted(sample, connection): name for name, sample in self._samples.items()}
        places = tuple(
            (names[parameter], None) if _is_hashable(parameter) and parameter in names else ("", parameter)
            for parameter in parameters
        )
        if missing := set(self._samples) - {name for name, _constant in places}:
            raise ImproperlyConfigured(f"The query does not use {', '.join(sorted(missing))}.")
        columns = [expression for expression, _sql, _alias in compiler.select or []]
        conversions = tuple(
            (place, expression, tuple(converters))
            for place, (converters, expression) in compiler.get_converters(columns).items()
        )
        statement = self._statements[connection.vendor] = _Statement(sql, places, conversions)
        return statement


@dataclass(frozen=True)
class _Part:
    """The columns of one model in a row, and the part that points at it."""

    model: type[Model]
    begin: int
    columns: tuple[str, ...]
    #: Place of the primary key among them.
    key: int
    owner: int = 0
    link: ForeignKey[Any, Any] | None = None


class PreparedModels(Generic[M]):
    """The same for instances of ``model`` and the rows they point at, as ``select_related`` reads them.

    ``build`` returns a query set of ``model``. ``related`` names foreign keys, each after its owner:
    ``("room", "room__venue")``.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[M]],
        *,
        model: type[M],
        related: tuple[str, ...] = (),
        **samples: Value,
    ) -> None:
        self._model = model
        self._related = related
        self._parts: list[_Part] = []
        self._prepared = Prepared(lambda **values: build(**values).values_list(*self._columns()), **samples)

    def run(self, using: str = DEFAULT_DB_ALIAS, **values: Value) -> list[M]:
        """Return the instances for ``values``."""
        rows = self._prepared.run(using, **values)
        return [self._instance(row, using) for row in rows]

    def _columns(self) -> list[str]:
        parts = {"": _Part(self._model, 0, *_own_columns(self._model))}
        columns = list(parts[""].columns)
        order = [""]
        for path in self._related:
            above, _separator, name = path.rpartition("__")
            link = parts[above].model._meta.get_field(name)
            assert isinstance(link, ForeignKey)
            model: type[Model] = link.related_model
            names, key = _own_columns(model)
            parts[path] = _Part(model, len(columns), names, key, order.index(above), link)
            columns += [f"{path}__{column}" for column in names]
            order.append(path)
        self._parts = list(parts.values())
        return columns

    def _instance(self, row: Row, using: str) -> M:
        made: list[Any] = []
        for part in self._parts:
            values = row[part.begin : part.begin + len(part.columns)]
            found = part.model.from_db(using, part.columns, values) if values[part.key] is not None else None
            if part.link is not None and made[part.owner] is not None:
                part.link.set_cached_value(made[part.owner], found)
            made.append(found)
        instance: M = made[0]
        return instance


def _own_columns(model: type[Model]) -> tuple[tuple[str, ...], int]:
    """Names of the columns of ``model``, and the place of its primary key among them."""
    names = tuple(field.attname for field in model._meta.concrete_fields)
    assert model._meta.pk is not None
    return names, names.index(model._meta.pk.attname)


def _adapted(value: Value, connection: Any) -> Any:
    """``value`` as Django hands it to the database's driver."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
