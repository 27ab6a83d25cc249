"""The rounds of the demonstration: when each starts, and what is planted with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from vbp.demo.calendar import Calendar, years_later


@dataclass(frozen=True)
class Plan:
    """One round (批次) and its planted effects.

    `log_level` is the jump of the logarithm of the quantity (converted units) of each generic at the start,
    `log_slope` its change per month after it (0 in the start month), `selected_share` the share of the quantity that a
    hospital of ordinary adherence (贯彻程度) buys from the winners, `alternative_log_level` the jump of the logarithm
    of the quantity of the alternatives (可替代品种): below zero, use moved to the winners. `weight` says how the
    tendered varieties of the category are shared out between the rounds.
    """

    batch_id: str
    name_zh: str
    name_en: str
    level: str
    category: str
    start: date
    years: int
    weight: float
    log_level: float
    log_slope: float
    selected_share: float
    alternative_log_level: float = 0.0
    renewal_of: str | None = None
    by_product: bool = False
    gives_pre_price: bool = False
    announced: bool = False

    @property
    def end(self) -> date:
        """The last day of the cycle (采购周期)."""
        return years_later(self.start, self.years) - timedelta(days=1)

    @property
    def cycle(self) -> int:
        """1 for a first cycle, 2 for a renewal (接续)."""
        return 2 if self.renewal_of else 1

    def year(self, number: int) -> tuple[date, date]:
        """Return first and last day of agreement year `number` (1, 2 …)."""
        return years_later(self.start, number - 1), years_later(self.start, number) - timedelta(days=1)


PLANS = (
    Plan(
        "DEMO-N1",
        "演示国家组织药品集采第一批",
        "Demonstration national drugs 1",
        "national",
        "drug",
        date(2021, 1, 1),
        2,
        0.36,
        0.18,
        0.002,
        0.80,
        -0.15,
    ),
    Plan(
        "DEMO-N2",
        "演示国家组织药品集采第二批",
        "Demonstration national drugs 2",
        "national",
        "drug",
        date(2022, 3, 16),
        3,
        0.24,
        0.10,
        0.0,
        0.74,
    ),
    Plan(
        "DEMO-P1",
        "演示省级药品集采第一批",
        "Demonstration provincial drugs 1",
        "provincial",
        "drug",
        date(2022, 10, 1),
        3,
        0.22,
        0.25,
        -0.004,
        0.68,
        0.12,
    ),
    Plan(
        "DEMO-N3",
        "演示国家组织药品集采第三批",
        "Demonstration national drugs 3",
        "national",
        "drug",
        date(2025, 1, 1),
        2,
        0.18,
        0.15,
        0.0,
        0.78,
        announced=True,
    ),
    Plan(
        "DEMO-H1",
        "演示医院联盟耗材集采",
        "Demonstration hospital alliance consumables",
        "hospital_alliance",
        "consumable",
        date(2022, 7, 1),
        3,
        0.4,
        0.08,
        0.0,
        0.72,
        by_product=True,
        gives_pre_price=True,
    ),
    Plan(
        "DEMO-M1",
        "演示市级耗材集采第一批",
        "Demonstration municipal consumables 1",
        "municipal",
        "consumable",
        date(2023, 5, 1),
        2,
        0.6,
        0.15,
        0.0,
        0.85,
        by_product=True,
        gives_pre_price=True,
    ),
    Plan(
        "DEMO-N1R",
        "演示国家组织药品集采第一批接续",
        "Demonstration national drugs 1 renewal",
        "national",
        "drug",
        date(2023, 1, 1),
        3,
        0.0,
        0.0,
        0.0,
        0.86,
        renewal_of="DEMO-N1",
        gives_pre_price=True,
    ),
)
RENEWAL_CUT_PERCENT = 6.0
"""Mean cut of the renewal against the selected prices of the first cycle."""


def plans(calendar: Calendar) -> tuple[Plan, ...]:
    """Return the rounds by start: those that start inside the ledger, and the one announced for the day after it."""
    from dataclasses import replace

    inside = [plan for plan in PLANS if not plan.announced and plan.start <= calendar.end]
    after = [replace(plan, start=calendar.end + timedelta(days=1)) for plan in PLANS if plan.announced]
    return tuple(sorted(inside + after, key=lambda plan: (plan.start, plan.batch_id)))
