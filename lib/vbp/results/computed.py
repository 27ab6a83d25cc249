"""The results of one place, computed from its inputs when first asked for and then kept.

Every attribute is None for a place without inputs, the result where its tables are there, else a `Missing` that says
what to supply. Input with errors raises InputError.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar, Union

from vbp.errors import InputError
from vbp.results.missing import Missing, missing, missing_tables

if TYPE_CHECKING:
    import pandas as pd

    from vbp.benefit import CityBenefit
    from vbp.completion import Completion
    from vbp.impact.its_result import ItsResult
    from vbp.impact.scan import ScanResult
    from vbp.ledger import Panels
    from vbp.prices.cuts import Cuts
    from vbp.projection import Projection
    from vbp.results.cards import Card
    from vbp.rules import Profile
    from vbp.savings import Savings, SpendingChange
    from vbp.settlement import Settlement as Payments
    from vbp.surplus import Settlement
    from vbp.surplus.sensitivity import Tornado
    from vbp.tables import Inputs

SMALL_MULTIPLES, EACH_MEASURE = ("price", "quantity", "spending", "originator_share"), 2
LEDGER = ("usage", "products", "varieties", "awards")
STANDS = ("fund_missing", "no_items", "table_missing")
"""Refusals of a single result that leave the rest of a report standing; each has a phrase `missing.<rule>`."""
T = TypeVar("T")
Maybe: TypeAlias = Union[T, Missing, None]  # noqa: UP007  # mypy takes no type variable in the other spelling


class Computed:
    """Mixed into `City`, which brings `inputs` and `as_of`."""

    inputs: Inputs | None
    as_of: date | None

    @cached_property
    def panels(self) -> Maybe[Panels]:
        """The ledger's panels, purchases up to `as_of` only."""
        if self.inputs is None:
            return None
        absent = [name for name in LEDGER if not self.inputs.has(name)]
        if absent:
            return missing_tables(absent)
        from vbp.ledger import build
        from vbp.ledger.cut import cut_usage

        return build(self.inputs if self.as_of is None else cut_usage(self.inputs, self.as_of))

    @cached_property
    def products(self) -> Maybe[pd.DataFrame]:
        """The folder's products."""
        if self.inputs is None:
            return None
        return self.inputs.frame("products") if self.inputs.has("products") else missing_tables(["products"])

    @cached_property
    def profile(self) -> Profile | None:
        """The rule profile that the folder names."""
        if self.inputs is None:
            return None
        from vbp.rules import profile_of_place

        return profile_of_place(self.inputs.place.rule_profile, self.inputs.folder)

    @cached_property
    def prices(self) -> Maybe[Cuts]:
        """Price cuts by batch against each baseline."""
        panels = self.panels
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.prices.cuts import award_cuts

        found = award_cuts(panels)
        return found if len(found.table) else missing("price_before")

    @cached_property
    def price_total(self) -> Maybe[Cuts]:
        """Price cuts over all batches, a row for each baseline; the generic's price before (P0) first."""
        found, panels = self.prices, self.panels
        if found is None or isinstance(found, Missing):
            return found
        from dataclasses import replace

        from vbp.prices.cuts import BASELINES, award_cuts

        assert panels is not None and not isinstance(panels, Missing)
        total = award_cuts(panels, by=())
        order = {name: place for place, name in enumerate(dict.fromkeys(("p0", "published", *BASELINES)))}
        table = total.table.sort_values("baseline", key=lambda names: names.map(order)).reset_index(drop=True)
        return replace(total, table=table)

    @cached_property
    def completion(self) -> Maybe[Completion]:
        """Completion of every agreement."""
        panels = self._agreed
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.completion import completion

        assert self.inputs is not None
        hospitals = self.inputs.frame("hospitals") if self.inputs.has("hospitals") else None
        return completion(panels, hospitals, self.as_of_in(panels))

    @cached_property
    def savings(self) -> Maybe[Savings]:
        """Savings of every kind; where no variety has a price before, nothing can be said."""
        panels = self.panels
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.savings import savings

        assert self.inputs is not None
        found = savings(panels, self.inputs.frame("products"), self.as_of)
        # a gap is no zero: spending that has no price before saves an unknown amount
        unknown = not panels.prices["p0_e10"].notna().any() or found.left_out_share >= 1
        return missing("price_before") if unknown else found

    @cached_property
    def spending_change(self) -> Maybe[SpendingChange]:
        """The change of spending around each batch, decomposed."""
        panels = self.panels
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.savings import spending_change

        assert self.inputs is not None
        found = spending_change(panels, self.inputs.frame("products"))
        return found if len(found.table) else missing("months_around", **self._span(panels))

    @cached_property
    def benefit(self) -> Maybe[CityBenefit]:
        """The realised saving by who gets it: each fund and the patients."""
        panels, saved = self.panels, self.savings
        if panels is None or isinstance(panels, Missing):
            return panels
        if isinstance(saved, Missing):
            return saved
        assert self.inputs is not None and self.profile is not None
        if not self.inputs.has("fund"):
            return missing_tables(["fund"])
        from vbp.benefit import city_benefit

        fund, basis = self.inputs.frame("fund"), self.profile.settlement.share_basis
        return _or_missing(lambda: city_benefit(panels, fund, basis))

    @cached_property
    def surplus(self) -> Maybe[Settlement]:
        """Retained surplus settled under the place's rule profile."""
        panels = self._agreed
        if panels is None or isinstance(panels, Missing):
            return panels
        assert self.inputs is not None and self.profile is not None
        if not self.inputs.has("fund"):
            return missing_tables(["fund"])
        from vbp.surplus.folder import settle_inputs

        return settle_inputs(self.inputs, panels, self.profile, self.as_of)

    @cached_property
    def tornado(self) -> Maybe[Tornado]:
        """What moves the total payout, switches and inputs one at a time."""
        settled = self.surplus
        if settled is None or isinstance(settled, Missing):
            return settled
        if not settled.total_yuan:
            return missing("no_payout")
        from vbp.surplus.sensitivity import tornado

        return tornado(settled)

    @cached_property
    def just_missed(self) -> pd.DataFrame:
        """Agreements that missed their volume by at most a tenth, and what that cost; empty without a settlement."""
        import pandas as pd

        from vbp.surplus.sensitivity import just_missed

        if self.surplus is None or isinstance(self.surplus, Missing):
            return pd.DataFrame()
        return just_missed(self.surplus)

    @cached_property
    def scan(self) -> Maybe[ScanResult]:
        """Interrupted time series of every generic × measure."""
        panels = self.panels
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.impact.ledger_series import panels_series
        from vbp.impact.scan import scan

        assert self.inputs is not None
        try:
            series, dates = panels_series(panels, self.inputs.frame("products"))
        except InputError:  # no tendered generic was bought
            return missing("months_scan", **self._span(panels))
        found = scan(series, dates)
        assessed = (found.table["level_verdict"] != "not_assessable").any()
        return found if assessed else missing("months_scan", **self._span(panels))

    @cached_property
    def leading(self) -> tuple[tuple[int, ItsResult], ...]:
        """The scan's first series and its first of spending, fitted in full with checks: (row of the scan, result)."""
        if self.scan is None or isinstance(self.scan, Missing):
            return ()
        table = self.scan.table
        assessed = table[table["level_se"].notna()]
        rows = [*assessed.index[:1], *assessed.index[assessed["measure"] == "spending"][:1]]
        return tuple((int(row), self.scan.fitted(int(row))) for row in dict.fromkeys(rows))

    @cached_property
    def multiples(self) -> tuple[tuple[int, ItsResult], ...]:
        """The scan's first series of each measure, fitted without checks, for small multiples: (row of the scan, result)."""
        if self.scan is None or isinstance(self.scan, Missing):
            return ()
        table = self.scan.table
        assessed = table[table["level_se"].notna() & table["measure"].isin(SMALL_MULTIPLES)]
        rows = assessed.groupby("measure", sort=False).head(EACH_MEASURE).index
        order = sorted(rows, key=lambda row: (SMALL_MULTIPLES.index(table.at[row, "measure"]), row))
        return tuple((int(row), self.scan.fitted(int(row), checks=False)) for row in order)

    @cached_property
    def projections(self) -> Maybe[tuple[Projection, ...]]:
        """The first year of every batch announced and not begun, in the order of their names."""
        panels = self._agreed
        if panels is None or isinstance(panels, Missing):
            return panels
        from vbp.funds import Terms
        from vbp.projection import project
        from vbp.projection.project import announced

        assert self.inputs is not None
        fund = self.inputs.frame("fund") if self.inputs.has("fund") else None
        waiting = announced(panels)
        if not waiting:
            return missing("announced")
        assert self.profile is not None
        terms = Terms.of(self.profile.settlement)
        found = [_or_missing(partial(project, panels, batch, fund, terms=terms)) for batch in waiting]
        lacking = [one for one in found if isinstance(one, Missing)]
        return lacking[0] if len(lacking) == len(found) else tuple(one for one in found if not isinstance(one, Missing))

    @property
    def projection(self) -> Maybe[Projection]:
        """The first of `projections`."""
        found = self.projections
        return found[0] if isinstance(found, tuple) else found

    @cached_property
    def settlement(self) -> Maybe[Payments]:
        """Payments within 30 days."""
        if self.inputs is None:
            return None
        if not self.inputs.has("settlements"):
            return missing_tables(["settlements"])
        from vbp.settlement import settlement

        return settlement(self.inputs.frame("settlements"), self.as_of or self.day)

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """The headline figures, each with mark, baseline and interval; none without a ledger."""
        from vbp.results.cards import cards

        return cards(self)

    def as_of_in(self, panels: Panels) -> date:
        """Return the day results stand at: `as_of`, at the earliest the end of the last month counted."""
        from vbp.surplus.folder import last_day

        last = last_day(panels)
        return last if self.as_of is None else max(self.as_of, last)

    @property
    def day(self) -> date | None:
        """The day of the results; None without a ledger."""
        panels = self.panels
        return self.as_of_in(panels) if panels else None

    @property
    def _agreed(self) -> Maybe[Panels]:
        """Return the panels where there are agreements."""
        panels = self.panels
        if panels is None or isinstance(panels, Missing):
            return panels
        return missing_tables(["agreements"]) if panels.items.empty else panels

    @staticmethod
    def _span(panels: Panels) -> dict[str, object]:
        months = panels.product_month["month"]
        return {"months": months.nunique(), "first": f"{months.min():%Y-%m}", "last": f"{months.max():%Y-%m}"}


def _or_missing(compute: Callable[[], T]) -> T | Missing:
    """Return the result, or what it lacks where the refusal is of a kind that a report can stand; else raise it."""
    try:
        return compute()
    except InputError as error:
        rules = {problem.rule for problem in error.problems}
        if len(rules) == 1 and (rule := rules.pop()) in STANDS:
            return missing(rule)
        raise
