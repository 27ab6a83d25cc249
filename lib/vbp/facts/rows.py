"""The rows of `data/*.csv`: one model a table, with the vocabulary that each column allows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from vbp.words.typeset import fullwidth


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Optional_ = BeforeValidator(_empty_is_none)
Number = Annotated[Decimal | None, Optional_]
Whole = Annotated[int | None, Optional_]
Day = Annotated[date | None, Optional_]
Text = Annotated[str | None, Optional_]
Chinese = Annotated[str, AfterValidator(fullwidth)]
Qualifier = Literal["exact", "about", "more_than", "less_than", "range_low", "range_high", "doubtful", "damaged"]
Status = Literal["reported", "expected", "target", "proposed", "example"]
Level = Literal["national", "inter_provincial", "provincial", "municipal", "municipal_alliance", "hospital_alliance"]


class Row(BaseModel):
    """A row of a published table: unknown columns are refused, rows are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CityRow(Row):
    """A city of `cities.csv`."""

    city: str
    name_zh: Chinese
    name_en: str
    province: str
    rule_profile: str


class Source(Row):
    """A publication of `sources.csv`."""

    source_id: str
    title: Chinese
    publisher: Chinese
    published: str
    note: Chinese


class Metric(Row):
    """What a figure measures (`metrics.csv`), with its one base unit."""

    metric: str
    name_zh: Chinese
    name_en: str
    unit: str
    kind: Literal["flow", "stock", "rate", "count"]
    may_be_summed: Literal["yes", "no"]


class Fact(Row):
    """One published figure of `facts.csv`; `value` is None exactly where the publication is damaged."""

    city: str
    metric: str
    value: Number
    unit: str
    qualifier: Qualifier
    status: Status
    period_start: Day
    period_end: Day
    scope: str
    baseline: str
    source_id: str
    note: str

    @model_validator(mode="after")
    def _value_fits_qualifier(self) -> Fact:
        if (self.value is None) != (self.qualifier == "damaged"):
            raise ValueError("a damaged figure has an empty value, every other figure has one")
        if self.period_start and self.period_end and self.period_start > self.period_end:
            raise ValueError("period_start is after period_end")
        return self

    @property
    def key(self) -> tuple[object, ...]:
        """The columns that must be unique together."""
        return (self.city, self.metric, self.scope, self.period_start, self.period_end, self.baseline, self.qualifier)

    @property
    def elsewhere(self) -> str:
        """Return the place that the figure is about where that is not the city: a county, the province, an example's place."""
        kind, _, rest = self.scope.partition(":")
        if kind in ("county", "place"):
            return rest.split("/")[0]
        return self.scope if kind in ("province", "nation") else ""

    @property
    def usable(self) -> bool:
        """Return whether the figure may stand in a headline: whole, undoubted, no example, about the city itself."""
        return self.qualifier not in ("damaged", "doubtful") and self.status != "example" and not self.elsewhere


class Batch(Row):
    """One procurement round of `batches.csv`, with its average cut and the baseline of that cut."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    batch_id: str
    city: Text
    name_zh: Chinese
    name_en: str
    level: Annotated[Level | None, Optional_]
    category: Literal["drug", "consumable", "reagent"]
    average_cut_percent: Number
    cut_baseline: Text
    status: Status
    source_id: Text

    def more(self, column: str) -> str:
        """Return one of the further columns as text, empty where it has nothing."""
        return str((self.model_extra or {}).get(column) or "").strip()

    @property
    def cut_known(self) -> bool:
        """Whether the average cut is a number, not only a side of one ("more than 50 %") or doubtful."""
        return self.more("cut_qualifier") in ("", "exact", "about")

    @property
    def when(self) -> str:
        """The month or day of the bids, or of the start where that is all that is known; empty where neither is."""
        return self.more("bid_date") or self.more("start_date")


class Price(Row):
    """A published pre-VBP and selected price of one product (`prices.csv`)."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)


class Theme(Row):
    """Under which heading a metric stands (`themes.csv`), and its rank among headline figures (empty: none)."""

    theme: str
    metric: str
    headline_rank: Whole
