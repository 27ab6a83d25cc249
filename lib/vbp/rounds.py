"""Procurement rounds as a report needs them: a city's own beside the national ones, each cut with its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from vbp.words import baseline_code, baseline_label, say, scope_label

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.facts import Batch


@dataclass(frozen=True)
class Round:
    """One round: `cut_percent` and `when` are None where nothing is published; `own` says whether it is the city's own."""

    name_zh: str
    name_en: str
    level: str
    category: str
    when: date | None
    cut_percent: Decimal | None
    baseline: str
    status: str
    own: bool
    source_id: str
    unverified: str = ""
    varieties: int | None = None
    products: int | None = None

    def name(self, lang: str) -> str:
        """Return the round's name."""
        return self.name_zh if lang == "zh" else self.name_en

    def verified(self, column: str) -> bool:
        """Return whether a cell of `batches.csv` was verified at its source."""
        return column not in self.unverified.split(";")

    def described(self, lang: str) -> str:
        """Return level, status and baseline in words."""
        return say(
            "chart.round_described",
            lang,
            level=say(f"level.{self.level or 'none'}", lang),
            status=say(f"status.{self.status}", lang),
            baseline=baseline_label(self.baseline, lang),
        )


def rounds_of(city: City) -> tuple[Round, ...]:
    """Return the city's own rounds, then the national and inter-provincial ones; totals of other rounds are left out."""
    own = [_from_batch(row, True) for row in city.batches] + _from_facts(city) + _from_inputs(city)
    national = [_from_batch(row, False) for row in city.national if not row.more("total_of")]
    return (*own, *national)


def _day(text: str) -> date | None:
    """Return a day; a month alone stands for its first day."""
    if not text:
        return None
    return date.fromisoformat(text if len(text) == 10 else f"{text[:7]}-01")


def _from_batch(row: Batch, own: bool) -> Round:
    return Round(
        row.name_zh,
        row.name_en,
        row.level or "",
        row.category,
        _day(row.when),
        row.average_cut_percent,
        row.cut_baseline or "",
        row.status,
        own,
        row.source_id or "",
        row.more("unverified_cells"),
        _whole(row.more("varieties")),
        _whole(row.more("products_selected")),
    )


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _from_facts(city: City) -> list[Round]:
    """Return cuts that the city published for several rounds together, so that they are no round of `batches.csv`."""
    listed = {row.average_cut_percent for row in city.batches}
    facts = (
        [fact for fact in city.published.find(city.slug, "average_price_cut") if fact.value not in listed]
        if city.facts
        else []
    )
    return [
        Round(
            f"{city.name_zh}\uff1a{scope_label(fact.scope, 'zh')}",
            f"{city.name_en}: {scope_label(fact.scope, 'en')}",
            "",
            "mixed",
            None,
            fact.value,
            fact.baseline,
            fact.status,
            True,
            fact.source_id,
        )
        for fact in facts
    ]


def _from_inputs(city: City) -> list[Round]:
    if city.inputs is None or not city.inputs.has("batches"):
        return []
    rows = city.inputs.frame("batches").to_dict("records")
    levels = _levels(city)
    return [
        Round(
            _text(row, "name_zh") or str(row["batch_id"]),
            _text(row, "name_en") or str(row["batch_id"]),
            _text(row, "level") or levels.get(str(row["batch_id"]), ""),
            _text(row, "category") or "drug",
            _day(_text(row, "start_date")[:10]),
            Decimal(_text(row, "average_cut_percent")) if _text(row, "average_cut_percent") else None,
            baseline_code(_text(row, "cut_baseline")) or "unknown",
            "reported",
            True,
            "",
        )
        for row in rows
    ]


def _levels(city: City) -> dict[str, str]:
    """Return the level of the user's own rounds, from their varieties."""
    if city.inputs is None or not city.inputs.has("varieties"):
        return {}
    frame = city.inputs.frame("varieties")
    if "level" not in frame:
        return {}
    known = frame[frame["level"].notna()]
    return {str(key): str(level) for key, level in zip(known["batch_id"], known["level"], strict=True)}


def _text(row: dict[object, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None or value != value else str(value)
