"""A line chart as SVG, in docs/plots/. Written here: forty lines, where a library would be the heaviest dependency."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "plots"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 60, 48, 36, 110
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e")


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    x: Sequence[float]
    y: Sequence[float]


def even(most: float) -> list[float]:
    """0 and some round numbers up to `most`."""
    power = 10 ** math.floor(math.log10(most))
    step = next(size * power for size in (0.1, 0.2, 0.5, 1, 2) if most / (size * power) <= 7.5)
    return [number * step for number in range(int(most / step) + 1)]


def plot(name: str, title: str, x_axis: str, y_axis: str, lines: list[Line], *, logarithmic: bool = False) -> Path:
    """Draw lines from (0, 0) upwards; with `logarithmic`, x in powers of ten. Returns the file."""
    scale = math.log10 if logarithmic else float
    xs = [scale(x) for line in lines for x in line.x]
    low, high = (min(xs), max(xs)) if logarithmic else (0.0, max(xs))
    top = 1.1 * max(y for line in lines for y in line.y)

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (scale(x) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(HEIGHT - BOTTOM - y / top * (HEIGHT - BOTTOM - TOP), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_axis)}</text>',
        f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {HEIGHT / 2})">{escape(y_axis)}</text>',
    ]
    for y in even(top):
        _, down = at(lines[0].x[0], y)
        parts.append(f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{down + 4}" text-anchor="end">{y:.3g}</text>')
    for x in sorted({x for line in lines for x in line.x}) if logarithmic else even(max(xs)):
        across, _ = at(x, 0)
        parts.append(f'<text x="{across}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:,.0f}</text>')
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [at(x, y) for x, y in zip(line.x, line.y, strict=True)]
        path = " ".join(f"{across},{down}" for across, down in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across}" cy="{down}" r="3" fill="{colour}"/>' for across, down in points]
        label = TOP + 16 * number + 8
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{label}" fill="{colour}">{escape(line.name)}</text>')
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{name}.svg"
    file.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
    return file
