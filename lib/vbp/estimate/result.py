"""What an estimate is: a figure with its mark, interval, formula and assumptions, and what could not be estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from vbp.words import known, money, percent, say, scope_label

if TYPE_CHECKING:
    import pandas as pd

Mark = Literal["published", "derived", "estimated", "synthetic"]
Bound = Literal["", "more_than", "less_than"]


@dataclass(frozen=True)
class Assumption:
    """One input of an estimate.

    `low`, `median`, `high` are its 5 %, 50 % and 95 % points (equal where it is known exactly); `mark` says whether it
    is published, derived from published figures, or assumed; `source_zh`, `source_en` where it comes from. `bound` says
    that the publication gives one side only (more_than, less_than): then all three are that side.
    """

    name: str
    mark: Literal["published", "derived", "assumed", "ledger"]
    low: Decimal
    median: Decimal
    high: Decimal
    source_zh: str
    source_en: str
    bound: Bound = ""

    def label(self, lang: str) -> str:
        """Return the input's name in words."""
        return _named(self.name, lang)

    def shown(self, lang: str) -> str:
        """Return the 5 %, 50 % and 95 % points in their unit (yuan, a ratio of two cuts, else percent), or the side published."""
        kind = self.name.partition(":")[0]

        def value(number: Decimal) -> str:
            if kind in ("saving", "payout"):
                return money(number, lang, 4)
            return f"{number.normalize():,f}" if kind == "cut_ratio" else percent(100 * number)

        if self.bound:
            return say(f"qualifier.{self.bound}", lang, value=value(self.median))
        return (
            value(self.median) if self.low == self.high else " – ".join(map(value, (self.low, self.median, self.high)))
        )

    def source(self, lang: str) -> str:
        """Return where the input comes from, in words, and what a bound leaves open."""
        source = self.source_zh if lang == "zh" else self.source_en
        return source + say(f"estimate.bound_{self.bound}", lang) if self.bound else source


def _named(name: str, lang: str) -> str:
    """Return an assumption's name in words: `cut_ratio:rounds:cumulative` names what it is and what it covers."""
    kind, _, rest = name.partition(":")
    label = say(f"assumption.{kind}", lang)
    if not rest:
        return label
    inside = say(f"category.{rest}", lang) if known(f"category.{rest}") else scope_label(rest, lang)
    return say("estimate.named", lang, label=label, inside=inside)


@dataclass(frozen=True)
class Estimate:
    """One figure that follows from others.

    Parameters
    ----------
    quantity
        What it is (`implied_spending`, `fund_share` …).
    scope
        What it covers: a fact's scope, a hospital, or `city`.
    mark
        `derived` (follows exactly; a bound where low is None or high is None) or `estimated` (90 % interval).
    point, low, high
        Yuan, or a share 0–1 where `unit` is `ratio`. A bound has only the side that it bounds; so has an estimate from a
        figure published as "more than" or "less than": that end of its 90 % interval at the published figure.
    formula
        The formula in symbols.
    uses
        Names of the assumptions in it.
    ranking
        (assumption, low, high): the figure with that one input at its 5 % and 95 % point, widest first.
    """

    quantity: str
    scope: str
    unit: Literal["yuan", "ratio"]
    mark: Mark
    point: Decimal | None
    low: Decimal | None
    high: Decimal | None
    formula: str
    uses: tuple[str, ...]
    basis: str = ""
    ranking: tuple[tuple[str, Decimal, Decimal], ...] = field(default=())

    def parts(self, lang: str) -> tuple[str, str]:
        """Return the point (or bound) and, apart from it, the interval; for cards, where the point stands large."""
        if self.point is None or self.low is None or self.high is None:
            return self.shown(lang), ""
        low, high = (
            money(end, lang) if self.unit == "yuan" else percent(end * 100, 1) for end in (self.low, self.high)
        )
        point = money(self.point, lang) if self.unit == "yuan" else percent(self.point * 100, 1)
        return point, say("estimate.interval_only", lang, low=low, high=high)

    def shown(self, lang: str) -> str:
        """Return the figure with its interval or bound as a reader sees it."""

        def one(value: Decimal | None) -> str:
            return money(value, lang) if self.unit == "yuan" else percent(None if value is None else value * 100, 1)

        how = "" if self.mark == "derived" else "_open"
        if self.point is None and self.low is not None and self.high is None:
            return say(f"estimate.at_least{how}", lang, value=one(self.low))
        if self.point is None and self.high is not None and self.low is None:
            return say(f"estimate.at_most{how}", lang, value=one(self.high))
        if self.low is None and self.high is None:
            return one(self.point)
        if self.point is None:
            return say("estimate.range", lang, low=one(self.low), high=one(self.high))
        return say("estimate.interval", lang, point=one(self.point), low=one(self.low), high=one(self.high))

    @property
    def hospital(self) -> str:
        """Return the hospital's identifier, empty where the figure is the whole place's."""
        kind, _, name = self.scope.partition(":")
        return name if kind == "hospital" else ""

    def label(self, lang: str) -> str:
        """Return the name of the quantity in words."""
        return say(f"quantity.{self.quantity}", lang)

    def as_json(self) -> dict[str, Any]:
        """Return the figure as a JSON object; money as decimal strings."""
        return {
            "quantity": self.quantity,
            "scope": self.scope,
            "unit": self.unit,
            "mark": self.mark,
            "point": self.point,
            "low": self.low,
            "high": self.high,
            "level": "0.90" if self.mark in ("estimated", "synthetic") else None,
            "formula": self.formula,
            "basis": self.basis,
            "uses": list(self.uses),
            "ranking": [{"assumption": name, "low": low, "high": high} for name, low, high in self.ranking],
        }


@dataclass(frozen=True)
class NotEstimated:
    """A quantity that cannot be estimated, and the reason (a phrase's key and its values)."""

    quantity: str
    reason: str
    values: tuple[tuple[str, str], ...] = ()

    def text(self, lang: str) -> str:
        """Return "quantity: reason" in words."""
        return say(
            "estimate.not_estimated",
            lang,
            quantity=say(f"quantity.{self.quantity}", lang),
            reason=say(f"why_not.{self.reason}", lang, **dict(self.values)),
        )


_HOSPITAL_COLUMNS = ("official_saving", "payout", "realised_saving")


@dataclass(frozen=True)
class EstimateSet:
    """All estimates of one city or folder; kinds of money are listed side by side and never added up."""

    place: str
    depth: Literal["published", "amounts"]
    synthetic: bool
    estimates: tuple[Estimate, ...]
    not_estimated: tuple[NotEstimated, ...]
    assumptions: tuple[Assumption, ...]
    seed: int
    draws: int
    doubtful: bool = False

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a figure: quantity, scope, unit, mark, point, low, high, formula, basis."""
        import pandas as pd

        columns = ["quantity", "scope", "unit", "mark", "point", "low", "high", "formula", "basis"]
        return pd.DataFrame([{name: getattr(row, name) for name in columns} for row in self.estimates], columns=columns)

    def of(self, quantity: str, scope: str | None = None) -> tuple[Estimate, ...]:
        """Return the estimates of one quantity."""
        return tuple(row for row in self.estimates if row.quantity == quantity and scope in (None, row.scope))

    def hospitals(self, lang: str) -> pd.DataFrame:
        """Return one row a hospital: savings and payout, each with its interval in words (all quantities: `table`)."""
        import pandas as pd

        rows = [
            (row.hospital, row.label(lang), row.shown(lang))
            for row in self.estimates
            if row.hospital and row.quantity in _HOSPITAL_COLUMNS
        ]
        long = pd.DataFrame(rows, columns=["hospital_id", "quantity", "shown"])
        wide = long.pivot(index="hospital_id", columns="quantity", values="shown")
        return wide[list(dict.fromkeys(long["quantity"]))].reset_index()

    def text(self, lang: str) -> str:
        """Return one line a figure of the place as a whole, what could not be estimated, and that nothing is official."""
        lines = [
            say(
                "estimate.line",
                lang,
                label=row.label(lang),
                scope=scope_label(row.scope, lang),
                shown=row.shown(lang),
                formula=row.formula,
                mark=say(f"mark.{row.mark}", lang),
            )
            for row in self.estimates
            if not row.hospital
        ]
        lines += [row.text(lang) for row in self.not_estimated]
        if self.estimates:
            lines.append(say("estimate.warning", lang))
        if self.doubtful:
            lines.append(say("estimate.doubtful_let_in", lang))
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `vbp estimate --json` prints."""
        return {
            "place": self.place,
            "depth": self.depth,
            "synthetic": self.synthetic,
            "seed": self.seed,
            "draws": self.draws,
            "doubtful_let_in": self.doubtful,
            "notice": {lang: say("estimate.warning", lang) for lang in ("zh", "en")},
            "estimates": [row.as_json() for row in self.estimates],
            "not_estimated": [
                {
                    "quantity": row.quantity,
                    "reason": row.reason,
                    "text": {lang: row.text(lang) for lang in ("zh", "en")},
                }
                for row in self.not_estimated
            ],
            "assumptions": [
                {
                    "name": row.name,
                    "mark": row.mark,
                    "low": row.low,
                    "median": row.median,
                    "high": row.high,
                    "bound": row.bound,
                    "source": {"zh": row.source_zh, "en": row.source_en},
                }
                for row in self.assumptions
            ],
        }


def nothing_to_estimate(place: str, synthetic: bool) -> EstimateSet:
    """Return the empty set of a place of a user's own without amounts by round, with what would be needed."""
    absent = tuple(NotEstimated(quantity, f"no_amounts_{basis}") for quantity, basis in _NEEDS)
    return EstimateSet(place, "amounts", synthetic, (), absent, (), 0, 0)


_NEEDS = (("official_saving", "before"), ("realised_saving", "after"))
