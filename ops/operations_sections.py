"""The sections of the staff's page of operations that ops itself has: what each draws, and from which figures."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from ops import budget, cache, pulse
from ops.charts import chart, section, table, tile
from ops.histogram import percentile
from ops.maintenance import tables
from ops.models import ModelBudget, OutboxMail
from ops.pulse_store import Counts

TARGET = 70.0  # per cent of cached reads that find something: what the first generation asked for
COUNTED = 1_000  # rows that are counted at most: who waits in a longer queue hardly matters
ROUTES, SLOWEST, TABLES = 25, 8, 12
COLUMNS = ("route", "n", "s4", "s5", "p50", "p95", "p99", "mean")
Section = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """How far back, and how many minutes a point of it stands for."""

    name: str
    minutes: int
    step: int
    kept: int  # seconds


@dataclass(frozen=True, slots=True)
class Window:
    """The points of a span up to now: when each began, in seconds, and what happened in it."""

    span: Span
    x: list[int]
    points: list[Counts]
    routes: Counts

    @property
    def whole(self) -> Counts:
        return pulse.total(self.points)

    def of(self, *fields: str) -> list[float]:
        """A minute's sum of these fields, at each point."""
        return [round(sum(point.get(field, 0) for field in fields) / self.span.step, 3) for point in self.points]


def traffic(seen: Window) -> Section:
    nobody = _("Nadie ha pedido nada en este tiempo.")
    whole, times = seen.whole, [_times(point) for point in seen.points]
    requests = sum(whole.get(f"s{status}", 0) for status in range(1, 6))
    errors = whole.get("s5", 0)
    rows = sorted(by_route(seen.routes), key=lambda row: -row["p95"])
    slowest = rows[:SLOWEST]
    every: dict[str, Any] = {"x": seen.x, "time": True, "axis": _("Hora"), "empty": nobody}
    return section(
        "traffic",
        _("Peticiones"),
        tiles=[
            tile(_("Peticiones"), requests),
            tile(_("Errores del servidor"), errors, tone="bad" if errors else "good"),
            tile(_("Mediana"), _ms(_times(whole), 0.5), unit="ms"),
            tile("p95", _ms(_times(whole), 0.95), unit="ms"),
            tile("p99", _ms(_times(whole), 0.99), unit="ms"),
        ],
        charts=[
            chart(
                "requests",
                "bars",
                _("Peticiones por minuto"),
                series=[
                    (_("bien (2xx, 3xx)"), seen.of("s1", "s2", "s3")),
                    (_("rechazadas (4xx)"), seen.of("s4")),
                    (_("errores (5xx)"), seen.of("s5")),
                ],
                **every,
            ),
            chart(
                "latency",
                "lines",
                _("Tiempo de respuesta"),
                unit="ms",
                series=[
                    ("p50", [_ms(each, 0.5) for each in times]),
                    ("p95", [_ms(each, 0.95) for each in times]),
                    ("p99", [_ms(each, 0.99) for each in times]),
                ],
                note=_("Con un error del 9 % como mucho: los tiempos se cuentan en tramos logarítmicos."),
                **every,
            ),
            chart(
                "errors", "bars", _("Errores por minuto"), series=[(_("errores (5xx)"), seen.of("s5"))],
                **every | {"empty": _("Ningún error en este tiempo.")},
            ),
            chart(
                "slowest",
                "rows",
                _("Rutas más lentas (p95)"),
                unit="ms",
                x=[row["route"] for row in slowest],
                series=[("p95", [row["p95"] for row in slowest])],
                axis=_("Ruta"),
                empty=nobody,
            ),
        ],
        tables=[
            table(
                "routes",
                _("Por ruta"),
                [_("Ruta"), _("Peticiones"), "4xx", "5xx", "p50 (ms)", "p95 (ms)", "p99 (ms)", _("Media (ms)")],
                [[row[key] for key in COLUMNS] for row in rows[:ROUTES]],
                empty=nobody,
            )
        ],
    )  # fmt: skip


def by_route(fields: Counts) -> list[dict[str, Any]]:
    """{route, n, s4, s5, p50, p95, p99, mean} of each route; times in milliseconds."""
    found: dict[str, Counts] = {}
    for field, number in fields.items():
        route, _bar, what = field.rpartition("|")
        found.setdefault(route, {})[what] = number
    rows = []
    for route, counts in found.items():
        requests = sum(counts.get(f"s{status}", 0) for status in range(1, 6))
        times = _times(counts)
        method, _space, path = route.partition(" ")
        rows.append(
            {
                "route": f"{method} /{path}" if path else _("%(method)s, sin ruta") % {"method": method},
                "n": requests,
                "s4": counts.get("s4", 0),
                "s5": counts.get("s5", 0),
                "p50": _ms(times, 0.5),
                "p95": _ms(times, 0.95) or 0.0,
                "p99": _ms(times, 0.99),
                "mean": round(counts.get("us", 0) / 1000 / requests, 1) if requests else None,
            }
        )
    return rows


def _times(counts: Counts) -> dict[int, int]:
    return {int(field[1:]): number for field, number in counts.items() if field[0] == "b"}


def _ms(times: dict[int, int], share: float) -> float | None:
    seconds = percentile(times, share)
    return None if seconds is None else round(seconds * 1000, 1)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def cached(seen: Window) -> Section:
    whole = seen.whole
    hits, reads = whole.get("hit", 0), whole.get("hit", 0) + whole.get("miss", 0)
    rate, faults = _share(hits, reads), whole.get("cache_error", 0)
    rates = [_share(point.get("hit", 0), point.get("hit", 0) + point.get("miss", 0)) for point in seen.points]
    return section(
        "cache",
        _("Caché"),
        tiles=[
            tile(_("Aciertos"), rate, unit="%", tone="" if rate is None else "good" if rate >= TARGET else "bad"),
            tile(_("Lecturas"), reads),
            tile(_("Fallos de Redis"), faults, tone="bad" if faults else "good"),
        ],
        charts=[
            chart(
                "hits",
                "lines",
                _("Aciertos de la caché"),
                unit="%",
                x=seen.x,
                time=True,
                axis=_("Hora"),
                series=[(_("aciertos"), rates)],
                target=(_("objetivo: %(rate)d %%") % {"rate": TARGET}, TARGET),
                top=100,
                empty=_("Nadie ha leído nada que se guarde en la caché en este tiempo."),
            )
        ],
    )


def limits(seen: Window) -> Section:
    whole = seen.whole
    refused = {name: whole.get(f"limit:{name}", 0) for name in settings.RATE_LIMITS}
    worst = sorted((name for name in refused if refused[name]), key=lambda name: -refused[name])
    nothing = _("Ninguna petición ha pasado de su límite en este tiempo.")
    return section(
        "limits",
        _("Límites"),
        tiles=[tile(_("Peticiones rechazadas por un límite"), sum(refused.values()))],
        charts=[
            chart(
                "refused",
                "bars",
                _("Rechazadas por minuto"),
                x=seen.x,
                time=True,
                axis=_("Hora"),
                series=[(_("rechazadas"), seen.of(*(f"limit:{name}" for name in refused)))],
                empty=nothing,
            ),
            chart(
                "refused-by-class",
                "rows",
                _("Por clase de límite"),
                x=worst,
                series=[(_("rechazadas"), [refused[name] for name in worst])],
                axis=_("Límite"),
                empty=nothing,
            ),
        ],
    )


def model(seen: Window) -> Section:
    whole = seen.whole
    outcomes = {field[6:]: number for field, number in whole.items() if field.startswith("model:")}
    good = outcomes.pop("ok", 0)
    failures = sum(outcomes.values())
    names = sorted({field for field in whole if field.startswith("model:") and field != "model:ok"})
    today = ModelBudget.objects.filter(day=datetime.now(UTC).date(), payer=budget.SITE)
    used = today.values_list("used", flat=True).first() or 0
    most = settings.AI_CALLS_PER_SITE
    silent = (
        _("El modelo no ha sido llamado en este tiempo.")
        if settings.AI_API_KEY or settings.AI_BASE_URL
        else _("No hay modelo configurado (AI_API_KEY): las preguntas salen del banco y de los apuntes.")
    )
    every: dict[str, Any] = {"x": seen.x, "time": True, "axis": _("Hora"), "empty": silent}
    return section(
        "model",
        _("Modelo de lenguaje"),
        tiles=[
            tile(_("Llamadas"), good + failures),
            tile(_("Fallidas"), failures, tone="bad" if failures else "good"),
            tile(_("Tokens"), whole.get("tokens", 0)),
            tile(_("Coste"), round(whole.get("cost", 0) / 1e6, 4)),
            tile(_("Llamadas de hoy, de las del presupuesto"), f"{used} / {most}", tone="bad" if used >= most else ""),
        ],
        charts=[
            chart(
                "calls",
                "bars",
                _("Llamadas por minuto"),
                series=[(_("respondidas"), seen.of("model:ok")), (_("fallidas"), seen.of(*names))],
                **every,
            ),
            chart(
                "cost",
                "lines",
                _("Coste por minuto"),
                series=[(_("coste"), [round(value / 1e6, 6) for value in seen.of("cost")])],
                **every | {
                    "empty": silent if not good + failures
                    else _("Las llamadas no cuestan nada: AI_PRICE_INPUT y AI_PRICE_OUTPUT son 0.")
                },
            ),
            chart(
                "budget",
                "rows",
                _("Presupuesto de hoy (UTC)"),
                x=[_("llamadas del sitio")],
                series=[(_("usadas"), [used])],
                axis=_("Presupuesto"),
                top=most,
                empty=_("Hoy no se ha usado ninguna llamada."),
            ),
            chart(
                "failures",
                "rows",
                _("Fallos, por su causa"),
                x=list(outcomes),
                series=[(_("fallidas"), list(outcomes.values()))],
                axis=_("Causa"),
                empty=_("Ninguna llamada ha fallado en este tiempo."),
            ),
        ],
    )  # fmt: skip


def mail() -> Section:
    now = timezone.now()
    State = OutboxMail.State
    waiting = OutboxMail.objects.filter(state=State.WAITING)
    given_up = OutboxMail.objects.filter(state=State.GIVEN_UP)[:COUNTED].count()
    count, due = waiting[:COUNTED].count(), OutboxMail.objects.due(now)[:COUNTED].count()
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    minutes = round((now - oldest).total_seconds() / 60) if oldest else 0
    return section(
        "mail",
        _("Correo"),
        tiles=[
            tile(_("Espera el más antiguo"), minutes, unit="min", tone="bad" if minutes > 60 else "good"),
            tile(_("Abandonados"), given_up, tone="bad" if given_up else "good"),
        ],
        charts=[
            chart(
                "outbox",
                "rows",
                _("Correos por enviar"),
                x=[_("pendientes"), _("ya debidos"), _("abandonados")],
                series=[(_("correos"), [count, due, given_up])],
                axis=_("Estado"),
                empty=_("No hay correos por enviar."),
                note=_("Se cuentan hasta mil."),
            )
        ],
    )


def sizes() -> Section:
    found = cache.get_or_set("operations:sizes", _sizes, cache.MEDIUM).value
    names, data_mb, index_mb, rows = found["names"], found["data"], found["indexes"], found["rows"]
    return section(
        "sizes",
        _("Base de datos"),
        tiles=[tile(_("Tamaño"), found["size"], unit="MB"), tile(_("Vacío dentro"), found["free"], unit="MB")],
        charts=[
            chart(
                "tables",
                "rows",
                _("Tablas más grandes"),
                unit="MB",
                x=names,
                series=[(_("datos"), data_mb), (_("índices"), index_mb)],
                axis=_("Tabla"),
                empty=_("SQLite guarda todas las tablas en un archivo y no dice lo que ocupa cada una.")
                if connection.vendor == "sqlite"
                else _("Todas las tablas están vacías."),
                note=_("Medido hace cinco minutos como mucho."),
            )
        ],
        tables=[
            table(
                "table-rows",
                _("Filas, según la estimación del servidor"),
                [_("Tabla"), _("Filas"), _("Datos (MB)"), _("Índices (MB)")],
                list(zip(names, rows, data_mb, index_mb, strict=True)),
                empty=_("SQLite no lleva estas cuentas."),
            )
        ],
    )  # fmt: skip


def _sizes() -> dict[str, Any]:
    def mb(size: int) -> float:
        return round(size / tables.MB, 2)

    if connection.vendor == "sqlite":
        file = tables.our_file(connection)
        return {"size": mb(file.size), "free": mb(file.free), "names": [], "data": [], "indexes": [], "rows": []}
    ours = sorted(tables.our_tables(connection).values(), key=lambda each: -each.size)
    largest = ours[:TABLES]
    return {
        "size": mb(sum(each.size for each in ours)),
        "free": mb(sum(each.free for each in ours)),
        "names": [each.name for each in largest],
        "data": [mb(each.data) for each in largest],
        "indexes": [mb(each.indexes) for each in largest],
        "rows": [each.rows for each in largest],
    }
