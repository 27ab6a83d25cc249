"""How much each hospital needs of each generic a month: growth, season, Spring Festival, noise and planted effects.

The logarithm of the expected converted units of hospital h, generic g in month t is::

    log size[h] + log use[g] + log affinity[h, g] + growth·t/12 + season[t] + festival·days[t]
      + Σ over rounds r of g:  level[r]·step[r, t] + slope[r]·max(t − start[r], 0)  (renewals add to the first cycle)
      + alternative[r]·step[r, t] for the alternative of a generic of r

with season[t] = Σ over k = 1, 2 of cos[k]·cos(2πkt/12) + sin[k]·sin(2πkt/12), t = 0 in January 2020. To it comes noise
on the log scale: one AR(1) that all generics share, one AR(1) per generic, and white noise of mean one per hospital,
generic and month. `step` is 1 from the start on; in the start month of a mid-month round it is the share of days from
the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from vbp.demo import arrays
from vbp.demo.calendar import Calendar
from vbp.demo.hospitals import CARRIED, Hospitals
from vbp.demo.rounds import Plan
from vbp.demo.varieties import Generic


@dataclass(frozen=True)
class Process:
    """Parameters of the demand process, log scale; `*_sd` are stationary standard deviations."""

    growth_per_year: float = 0.04
    cos1: float = 0.05
    sin1: float = 0.03
    cos2: float = -0.015
    sin2: float = 0.01
    festival_per_day: float = -0.012
    common_rho: float = 0.4
    common_sd: float = 0.02
    generic_rho: float = 0.4
    generic_sd: float = 0.04
    hospital_sd: float = 0.10
    share_sd: float = 0.3
    affinity_sd: float = 0.35

    def as_json(self) -> dict[str, float]:
        """Return the parameters for truth.json."""
        return asdict(self)


PROCESS = Process()


def carried(seed: int, hospitals: Hospitals, generics: Sequence[Generic], rounds: Sequence[Plan]) -> np.ndarray:
    """Return which generics each hospital buys at all (H × G): upper tiers nearly all, consumables only there.

    The consumables of a hospital alliance are bought by its members only.
    """
    rng = arrays.stream(seed, "carried")
    level = {plan.batch_id: plan.level for plan in rounds}
    draws = rng.random((len(hospitals), len(generics)))
    buys = draws < np.take(CARRIED, hospitals.tier)[:, None]
    device = np.array([generic.category == "consumable" for generic in generics])
    alliance = np.array([level.get(generic.batch_id or "") == "hospital_alliance" for generic in generics])
    buys &= ~device[None, :] | (hospitals.tier <= 1)[:, None]
    buys &= ~alliance[None, :] | hospitals.alliance[:, None]
    return np.asarray(buys)


def step(calendar: Calendar, plan: Plan) -> np.ndarray:
    """Return 0 before, 1 after, and the share of days from the start in the start month (length T)."""
    at = calendar.index(plan.start)
    months = np.arange(calendar.months)
    return np.where(months > at, 1.0, np.where(months == at, calendar.fraction(plan.start), 0.0))


def effects(calendar: Calendar, generics: Sequence[Generic], rounds: Sequence[Plan]) -> np.ndarray:
    """Return the planted effect on the log quantity of each generic in each month (G × T)."""
    planted = np.zeros((len(generics), calendar.months))
    months = np.arange(calendar.months)
    for plan in rounds:
        first = plan.renewal_of or plan.batch_id
        path = step(calendar, plan)
        own = plan.log_level * path + plan.log_slope * np.clip(months - calendar.index(plan.start), 0, None)
        for at, generic in enumerate(generics):
            if generic.batch_id == first:
                planted[at] += own
            elif generic.alternative_of is not None and generics[generic.alternative_of].batch_id == first:
                planted[at] += plan.alternative_log_level * path
    return planted


def seasonal(calendar: Calendar, process: Process = PROCESS) -> np.ndarray:
    """Return growth, season and Spring Festival on the log scale (length T)."""
    months = np.arange(calendar.months)
    angle = 2 * np.pi * months / 12
    return np.asarray(
        process.growth_per_year * months / 12
        + process.cos1 * np.cos(angle)
        + process.sin1 * np.sin(angle)
        + process.cos2 * np.cos(2 * angle)
        + process.sin2 * np.sin(2 * angle)
        + process.festival_per_day * calendar.festival
    )


def expected(
    seed: int, calendar: Calendar, hospitals: Hospitals, generics: Sequence[Generic], rounds: Sequence[Plan]
) -> np.ndarray:
    """Return the noise-free demand in converted units (H × G × T); 0 where a hospital does not buy the generic."""
    rng = arrays.stream(seed, "affinity")
    affinity = np.exp(rng.normal(0.0, PROCESS.affinity_sd, (len(hospitals), len(generics))))
    use = np.array([generic.units_per_month for generic in generics]) / 100.0
    mean = hospitals.size[:, None] * use[None, :] * affinity * carried(seed, hospitals, generics, rounds)
    path = np.exp(seasonal(calendar)[None, :] + effects(calendar, generics, rounds))
    return np.asarray(mean[:, :, None] * path[None, :, :])


def autoregression(rng: np.random.Generator, rows: int, months: int, rho: float, sd: float) -> np.ndarray:
    """Return `rows` stationary AR(1) series of standard deviation `sd` (rows × months)."""
    shocks = rng.normal(0.0, sd, (rows, months))
    shocks[:, 1:] *= np.sqrt(1 - rho**2)
    for at in range(1, months):
        shocks[:, at] += rho * shocks[:, at - 1]
    return shocks


def noise(seed: int, shape: tuple[int, ...], process: Process = PROCESS) -> np.ndarray:
    """Return the multiplicative noise of demand (H × G × T)."""
    rng = arrays.stream(seed, "noise")
    hospitals, generics, months = shape
    common = autoregression(rng, 1, months, process.common_rho, process.common_sd)
    own = autoregression(rng, generics, months, process.generic_rho, process.generic_sd)
    single = rng.normal(-(process.hospital_sd**2) / 2, process.hospital_sd, (hospitals, generics, months))
    return np.exp(single + (common + own)[None, :, :])
