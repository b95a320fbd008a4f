"""What everybody's answers add up to, by day: for the staff's page of operations.

Each day's answers are read by the index that begins with the day, a few days at a time, and kept for an hour (a minute,
while anybody anywhere still lives in them): nothing is kept in step by those who answer, who would all wait for one
row. What staff void, or a learner deletes, of an earlier day is seen within the hour.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from metrics.models import AnswerDay
from ops import cache
from ops.charts import chart, section, tile

KEY = "site:days"
DAYS = 30
AT_ONCE = 5  # days that one look reads anew; the others come with the next ones
THEMES = 12  # drawn
KEPT_THEMES = 50  # of each day, the most answered ones


def site_days(today: date, count: int = DAYS) -> dict[date, dict[str, Any] | None]:
    """{day: {learners, answered, correct, themes: [[name, answered, correct]]}} of the last days, oldest first; None
    for a day that will be read at one of the next looks. Days are the learners' own."""
    kept = cache.get(KEY) or {}
    now = time.time()
    span = [today - timedelta(days=ago) for ago in range(-1, count - 1)]  # east of us it is tomorrow already
    days: dict[date, dict[str, Any] | None] = {day: kept.get(day.isoformat()) for day in span}
    old = [
        day
        for ago, (day, row) in enumerate(days.items(), start=-1)
        if row is None or now - row["read_at"] >= (cache.SHORT if ago <= 1 else cache.VERY_LONG)
    ]
    if old:
        days |= {day: row | {"read_at": now} for day, row in read_days(old[:AT_ONCE]).items()}
        cache.set(KEY, {day.isoformat(): row for day, row in days.items() if row}, cache.DAY)
    if not (days[today + timedelta(days=1)] or {}).get("answered"):
        del days[today + timedelta(days=1)]
    return dict(sorted(days.items()))


def read_days(days: Sequence[date]) -> dict[date, dict[str, Any]]:
    rows = AnswerDay.objects.filter(day__in=days).order_by()
    found: dict[date, dict[str, Any]] = {
        day: {"learners": 0, "answered": 0, "correct": 0, "themes": []} for day in days
    }
    sums: dict[str, Any] = {"all_answered": Sum("answered"), "all_correct": Sum("correct")}
    whole = rows.values("day").annotate(all_learners=Count("user", distinct=True), **sums)
    for day, learners, answered, correct in whole.values_list("day", "all_learners", *sums):
        found[day] |= {"learners": learners, "answered": int(answered), "correct": int(correct)}
    by_theme = rows.values("day", "theme_key").annotate(**sums)
    for day, theme, answered, correct in by_theme.values_list("day", "theme_key", *sums):
        found[day]["themes"].append([theme, int(answered), int(correct)])
    for row in found.values():
        row["themes"] = sorted(row["themes"], key=lambda theme: -theme[1])[:KEPT_THEMES]
    return found


def operations_section() -> dict[str, Any]:
    """For ops.operations: learners and answers by day, accuracy by theme."""
    days = site_days(datetime.now(UTC).date())
    known = [row for row in days.values() if row]
    themes: dict[str, list[int]] = {}
    for row in known:
        for name, answered, correct in row["themes"]:
            sums = themes.setdefault(name, [0, 0])
            sums[0] += answered
            sums[1] += correct
    most = sorted((name for name in themes if themes[name][0] > 0), key=lambda name: -themes[name][0])[:THEMES]
    rows = list(days.values())
    wrong = [row["answered"] - row["correct"] if row else None for row in rows]
    answered = sum(row["answered"] for row in known)
    correct = sum(row["correct"] for row in known)
    nothing = _("Nadie ha respondido nada en los últimos %(count)d días.") % {"count": DAYS}
    missing = len(rows) - len(known)
    return section(
        "learners",
        _("Quién aprende"),
        note=_("Faltan %(count)d días por contar: llegan en unos segundos.") % {"count": missing} if missing else "",
        tiles=[
            tile(_("Respuestas en %(count)d días") % {"count": DAYS}, answered),
            tile(_("Acierto"), round(100 * correct / answered, 1) if answered else None, unit="%"),
        ],
        charts=[
            chart(
                "active",
                "bars",
                _("Quienes respondieron algo, por día"),
                x=list(days),
                series=[(_("personas"), [row["learners"] if row else None for row in rows])],
                axis=_("Día"),
                empty=nothing,
            ),
            chart(
                "answers",
                "bars",
                _("Respuestas por día"),
                x=list(days),
                series=[
                    (_("correctas"), [row["correct"] if row else None for row in rows]),
                    (_("incorrectas"), wrong),
                ],
                axis=_("Día"),
                empty=nothing,
            ),
            chart(
                "themes",
                "rows",
                _("Acierto por tema"),
                unit="%",
                x=most,
                series=[(_("acierto"), [round(100 * themes[name][1] / themes[name][0], 1) for name in most])],
                axis=_("Tema"),
                top=100,
                empty=nothing,
                note=_("Los temas con más respuestas primero."),
            ),
        ],
    )
