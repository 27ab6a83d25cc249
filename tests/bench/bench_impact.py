"""How fast the scan's kernel is: OLS with HAC against a statsmodels loop, the default inference, 300,000 series.

CPU seconds of one thread (set OMP_NUM_THREADS=1); the baseline is the same work done series by series.
"""

from __future__ import annotations

import resource
import time

import numpy as np
import statsmodels.api as sm

from vbp.impact import kenward, mixture
from vbp.impact.hac import hac_batch
from vbp.impact.kernel import project

MONTHS, START = 36, 18


def _design() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t = np.arange(MONTHS)
    after = (t >= START).astype(float)
    m = MONTHS - START
    contrasts = np.array([[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, m, m * (m - 1) / 2]])
    return t, np.column_stack([np.ones(MONTHS), t - START, after, after * (t - START)]), contrasts


def _seconds(action, times: int = 1) -> float:  # type: ignore[no-untyped-def]
    best = np.inf
    for _ in range(times):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


def hac_ratio(values: np.ndarray, loops: int = 500) -> tuple[float, float, float]:
    """CPU seconds of the batch, of statsmodels for as many series (from `loops` of them), and the largest difference."""
    _, matrix, _ = _design()
    batch = _seconds(lambda: hac_batch(matrix, values, 3), 7)
    made = hac_batch(matrix, values[:, :loops], 3)
    worst = 0.0

    def loop() -> None:
        nonlocal worst
        for at in range(loops):
            fit = sm.OLS(values[:, at], matrix).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
            worst = max(
                worst,
                np.abs(fit.bse - made.std_error[:, at]).max(),
                np.abs(fit.pvalues - made.p_value[:, at]).max(),
                np.abs(fit.conf_int()[:, 0] - made.low[:, at]).max(),
            )

    return batch, _seconds(loop) * values.shape[1] / loops, worst


def default_seconds(values: np.ndarray, singles: int = 12) -> tuple[float, float]:
    """CPU seconds of p-values of both tests, three contrasts; and of the single-series function for as many series."""
    steps, matrix, contrasts = _design()
    tilt = np.array([mixture.LEVEL_TILT, mixture.TILT, mixture.TILT])

    def tables() -> tuple[mixture.MixtureTable, kenward.KenwardTable]:
        projection = project(matrix, steps, contrasts)
        return mixture.mixture_table(projection, tilt=tilt), kenward.kenward_table(projection)

    def batch() -> None:
        mix, kr = tables()
        mixture.mixture(mix, values, interval=False)
        kenward.kenward(kr, values)

    def one_by_one() -> None:
        for at in range(singles):
            mix, kr = tables()
            mixture.mixture(mix, values[:, [at]], interval=False)
            kenward.kenward(kr, values[:, [at]])

    return _seconds(batch, 3), _seconds(one_by_one) * values.shape[1] / singles


def large(series: int = 300_000) -> tuple[float, float, float]:
    """CPU seconds, and memory (MB) before and at the peak, of the default inference on many series, fed in chunks."""
    steps, matrix, contrasts = _design()
    projection = project(matrix, steps, contrasts)
    mix, kr = mixture.mixture_table(projection), kenward.kenward_table(projection)
    values = np.random.default_rng(1).standard_normal((MONTHS, series))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def whole() -> None:
        mixture.mixture(mix, values, interval=False)
        kenward.kenward(kr, values)

    return _seconds(whole), before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    values = np.random.default_rng(0).standard_normal((MONTHS, 10_000)).cumsum(axis=0) * 0.3
    values += np.random.default_rng(2).standard_normal(values.shape)
    batch, loop, worst = hac_ratio(values)
    print(f"{'10,000 series × 36 months':44} {'CPU s':>9} {'baseline s':>11} {'ratio':>8} {'goal':>6}")
    print(
        f"{'OLS + HAC, p and intervals (statsmodels loop)':44} {batch:9.4f} {loop:11.2f} {loop / batch:8.0f} {'400':>6}"
        f"   largest difference {worst:.1e}"
    )
    both, single = default_seconds(values)
    print(
        f"{'default inference, both p (one by one)':44} {both:9.2f} {single:11.1f} {single / both:8.0f} {'50':>6}"
        "   goal under 2 CPU s"
    )
    seconds, before, peak = large()
    print(
        f"{'300,000 series, default inference':44} {seconds:9.1f}   memory {before:.0f} MB before, {peak:.0f} MB at the peak"
    )


if __name__ == "__main__":
    main()
