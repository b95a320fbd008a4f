"""What the staff's pages draw, as JSON that static/ops/charts.js knows how to draw. All words are translated here."""

from collections.abc import Sequence
from typing import Any, Literal

Value = float | int | None
# Over time as lines or stacked columns; one horizontal bar for each name; one dot for each pair of numbers.
Kind = Literal["lines", "bars", "rows", "dots"]
Tone = Literal["", "good", "bad"]


def chart(
    id_: str,
    kind: Kind,
    title: Any,
    *,
    x: Sequence[Any],
    series: Sequence[tuple[Any, Sequence[Value]]],
    axis: Any,
    empty: Any,
    unit: str = "",
    time: bool = False,
    target: tuple[Any, float] | None = None,
    top: float | None = None,
    note: Any = "",
) -> dict[str, Any]:
    """One picture. `x`: names, ISO days, with `time` seconds since 1970, or of dots per cents; `axis`: what they are;
    `series`: (name, values, as many as `x`); `target`: (name, value) of a line across; `top`: the end of the scale;
    `empty`: why there is nothing, shown when no value is above zero (with a `target`: when there is no value)."""
    values = [value for _name, row in series for value in row if value is not None]
    is_empty = not values if target else not any(values)
    return {
        "id": id_,
        "kind": kind,
        "title": str(title),
        "unit": unit,
        "time": time,
        "axis": str(axis),
        "x": [item if isinstance(item, int | float) else str(item) for item in x],
        "series": [{"name": str(name), "values": list(row)} for name, row in series],
        "target": {"name": str(target[0]), "value": target[1]} if target else None,
        "top": top,
        "note": str(note),
        "empty": str(empty) if is_empty else "",
    }


def table(id_: str, title: Any, head: Sequence[Any], rows: Sequence[Sequence[Any]], *, empty: Any) -> dict[str, Any]:
    """A table. Each row's first cell is its name; numbers are formatted by the browser."""
    cells = [[cell if cell is None or isinstance(cell, int | float) else str(cell) for cell in row] for row in rows]
    return {"id": id_, "title": str(title), "head": [str(name) for name in head], "rows": cells, "empty": str(empty)}


def tile(label: Any, value: Any, *, unit: str = "", tone: Tone = "") -> dict[str, Any]:
    """One figure with its name."""
    shown = value if value is None or isinstance(value, int | float) else str(value)
    return {"label": str(label), "value": shown, "unit": unit, "tone": tone}


def section(
    id_: str,
    title: Any,
    *,
    tiles: Sequence[dict[str, Any]] = (),
    charts: Sequence[dict[str, Any]] = (),
    tables: Sequence[dict[str, Any]] = (),
    note: Any = "",
) -> dict[str, Any]:
    return {
        "id": id_,
        "title": str(title),
        "note": str(note),
        "tiles": list(tiles),
        "charts": list(charts),
        "tables": list(tables),
    }
