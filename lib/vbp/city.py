"""A city: its published figures, its own inputs where it has some, and what follows from them, computed when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp import paths
from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.facts import Batch, Fact, Published, load_published
from vbp.results import Computed

if TYPE_CHECKING:
    from vbp.estimate import EstimateSet
    from vbp.tables import Inputs


@dataclass(frozen=True)
class City(Computed):
    """One city or place; made by `open_city`.

    What is computed from the inputs (`panels`, `prices`, `completion`, `savings`, `spending_change`, `benefit`, `surplus`,
    `tornado`, `scan`, `projection`, `settlement`) is described in `vbp.results.Computed`.

    Attributes
    ----------
    slug, name_zh, name_en
        What it is called.
    synthetic
        Whether its inputs are marked synthetic (演示数据).
    facts
        The published figures of the city, in the order of the publication; none for a place of a user's own.
    inputs
        The user's own tables, or None.
    as_of
        The day that decides what has ended; None for the end of the last month in the ledger.
    """

    slug: str
    name_zh: str
    name_en: str
    synthetic: bool
    published: Published
    facts: tuple[Fact, ...]
    inputs: Inputs | None
    as_of: date | None
    doubtful: bool = False

    def name(self, lang: str) -> str:
        """Return the place's name in `lang`."""
        return self.name_zh if lang == "zh" else self.name_en

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The city's own procurement rounds."""
        return tuple(row for row in self.published.batches if row.city == self.slug)

    @property
    def national(self) -> tuple[Batch, ...]:
        """The national and inter-provincial rounds, for context."""
        return tuple(row for row in self.published.batches if not row.city)

    @cached_property
    def estimate(self) -> EstimateSet:
        """What follows from the published figures, or from amounts by round where the inputs have them."""
        if self.inputs is not None and self.inputs.has("batch_usage"):
            from vbp.estimate.inputs import estimate_from_inputs

            return estimate_from_inputs(self.inputs, self.published)
        from vbp.estimate import estimate_from_published, nothing_to_estimate
        from vbp.estimate.priors import load_priors

        if self.slug not in self.published.city:
            return nothing_to_estimate(self.slug, self.synthetic)
        return estimate_from_published(self.published, self.slug, load_priors(), doubtful=self.doubtful)

    @cached_property
    def headline(self) -> tuple[Fact, ...]:
        """The figures that may stand in a headline, most important metric first; never doubtful, damaged or an example.

        Of one metric, what covers most comes first (all rounds, the city), and no more than two stand.
        """
        rank = {row.metric: row.headline_rank for row in self.published.themes if row.headline_rank is not None}
        chosen: list[Fact] = []
        for metric in sorted(rank, key=lambda name: rank[name] or 0):
            facts = [fact for fact in self.facts if fact.usable and fact.metric == metric]
            chosen += sorted(facts, key=lambda fact: fact.scope not in ("rounds:cumulative", "city"))[: _limit(facts)]
        return tuple(chosen[:HEADLINES])

    def summary(self) -> dict[str, Any]:
        """Return what `summary.json` holds: the same figures that the page shows, from the same objects."""
        from vbp.cli.output import plain
        from vbp.results.summary import summary as results

        estimate = self.estimate.as_json() if self.facts or self.inputs else None
        counts: dict[str, int] = {}
        for fact in self.facts:
            counts[fact.qualifier] = counts.get(fact.qualifier, 0) + 1
        document: dict[str, Any] = plain(
            {
                "slug": self.slug,
                "name": {"zh": self.name_zh, "en": self.name_en},
                "synthetic": self.synthetic,
                "as_of": self.as_of,
                "headline": [self._fact_json(fact) for fact in self.headline],
                "facts": len(self.facts),
                "facts_whole_and_own": sum(fact.usable for fact in self.facts),
                "facts_by_qualifier": counts,
                "damaged_or_doubtful": [
                    self._fact_json(fact) for fact in self.facts if fact.qualifier in ("damaged", "doubtful")
                ],
                "cards": [card.as_json() for card in self.cards],
                "results": results(self),
                "estimate": estimate,
                "inputs": self._inputs_json(),
            }
        )
        return document

    def _fact_json(self, fact: Fact) -> Mapping[str, Any]:
        """Return a published figure as a JSON object with its names, marked published."""
        metric = self.published.metric[fact.metric]
        return {**fact.model_dump(), "name": {"zh": metric.name_zh, "en": metric.name_en}, "mark": "published"}

    def _inputs_json(self) -> Any:
        if self.inputs is None:
            return None
        return {
            "tables": {name: table.num_rows for name, table in sorted(self.inputs.tables.items())},
            "files": [{"name": record.name, "sha256": record.sha256} for record in self.inputs.provenance],
            "warnings": len(self.inputs.problems),
        }


HEADLINES = 8


def _limit(facts: list[Fact]) -> int:
    """Return how many cards a metric gets: one where a figure covers everything, else two."""
    return 1 if any(fact.scope in ("rounds:cumulative", "city") for fact in facts) else 2


def open_city(
    slug: str,
    inputs: str | Path | None = None,
    as_of: str | date | None = None,
    *,
    doubtful: bool = False,
    published: Published | None = None,
) -> City:
    """Open a city by its slug, with a user's own inputs where given.

    Parameters
    ----------
    slug
        A city of `data/cities.csv`, or the name of a place of a user's own when `inputs` is given.
    inputs
        A folder of the user's own tables.
    as_of
        ISO date; years of agreement that end later are not due.
    doubtful
        Whether doubtful published figures may enter estimates.

    Raises
    ------
    InputError
        Where the city is unknown and has no inputs, the inputs have errors (all of them are listed), or a synthetic
        folder would stand under a real city's name.
    UsageError
        Where `as_of` is no date.
    """
    tables = published or load_published()
    day = _day(as_of)
    own = _read(paths.inputs(inputs)) if inputs else None
    row = tables.city.get(slug)
    if row is None and own is None:
        raise InputError(
            Problem(
                unknown("city", slug, sorted(tables.city)) + "; for your own data give an inputs folder", "unknown_city"
            )
        )
    synthetic = bool(own and own.place.synthetic)
    if row is not None and synthetic:
        raise InputError(
            Problem(
                f"the folder is marked synthetic (演示数据) and may not stand under {row.name_zh}; render it as demo",
                "synthetic",
                file=str(inputs),
            )
        )
    name_zh, name_en = (row.name_zh, row.name_en) if row else (own.place.name_zh, own.place.name_en)  # type: ignore[union-attr]
    return City(slug, name_zh, name_en, synthetic, tables, tables.of(slug) if row else (), own, day, doubtful)


def _day(as_of: str | date | None) -> date | None:
    if not isinstance(as_of, str):
        return as_of
    try:
        return date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise UsageError(f"as_of {as_of!r} is no date; write YYYY-MM-DD, e.g. 2024-12-31") from None


def _read(folder: Path) -> Inputs:
    from vbp.check import listing_all_errors
    from vbp.rules import profile_of_place
    from vbp.tables import read_inputs

    with listing_all_errors(folder):
        own = read_inputs(folder)
        profile_of_place(own.place.rule_profile, folder)
    return own
