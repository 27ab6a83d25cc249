"""What the national rounds teach: how a weighted cut relates to the published mean, and what cuts are usual."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from vbp.estimate.draws import Floats, Predictive, expit, logit, uniforms, weighted_cut
from vbp.estimate.model import Unknown, drawn
from vbp.facts import Batch, Published


@dataclass(frozen=True)
class ReferenceRound:
    """A national round whose saving and pre-VBP market are published apart from its mean cut.

    `ratio` = (annual saving / pre-VBP market) / published mean cut.
    """

    batch_id: str
    ratio: float


def reference_rounds(published: Published) -> tuple[ReferenceRound, ...]:
    """Return the non-circular rounds of `batches.csv` (`circular` = no) with all three figures published."""
    return tuple(
        ReferenceRound(row.batch_id, ratio)
        for row in published.batches
        if (ratio := weighted_over_mean(row)) is not None and row.more("circular") == "no"
    )


def weighted_over_mean(row: Batch) -> float | None:
    """Return (saving / market) / mean cut, or None where one of them is not published."""
    saving, market = row.more("annual_saving_yuan"), row.more("pre_market_yuan")
    if not (saving and market and row.average_cut_percent and row.cut_known):
        return None
    return float(Decimal(saving) / Decimal(market) / (row.average_cut_percent / 100))


def cut_ratio(published: Published) -> Predictive:
    """Return the predictive distribution of log(d_w / d) over the reference rounds."""
    return Predictive.fit(np.log([row.ratio for row in reference_rounds(published)]))


def national_cuts(published: Published, category: str) -> tuple[Batch, ...]:
    """Return the national first-time rounds of a category whose average cut is published as such."""
    return tuple(
        row
        for row in published.batches
        if row.level == "national"
        and row.category == category
        and row.status == "reported"
        and row.average_cut_percent is not None
        and row.cut_known
        and not row.more("total_of")
        and row.cut_baseline != "previous_selected_price"
        and "average_cut_percent" not in row.more("unverified_cells")
    )


def national_cut(published: Published, category: str, seed: int, size: int) -> Unknown:
    """Return the mean cut of a further round of `category`, predicted from the national rounds on the logit scale."""
    rounds = national_cuts(published, category)
    cuts = np.asarray([float(row.average_cut_percent) / 100 for row in rounds if row.average_cut_percent is not None])
    name = f"national_cut:{category}"
    draws = expit(Predictive.fit(logit(cuts)).quantile(uniforms(name, seed, size)))
    low, high = cuts.min() * 100, cuts.max() * 100
    return drawn(
        name,
        "derived",
        draws,
        (
            f"国家层面{len(rounds)}个批次公布的平均降幅（{low:g}%–{high:g}%）的预测分布（logit尺度，t分布，自由度{len(rounds) - 1}）",
            f"predictive distribution over {len(rounds)} national rounds' published average cuts ({low:g}–{high:g} %; logit scale, "
            f"t with {len(rounds) - 1} degrees of freedom)",
        ),
    )


def ratio_unknown(name: str, mean_cut: float | Floats, ratio: Predictive, seed: int, size: int) -> Unknown:
    """Return d_w / d for one set of varieties, truncated so that d_w < 1."""
    draws = weighted_cut(mean_cut, ratio, uniforms(name, seed, size)) / mean_cut
    return drawn(
        name,
        "derived",
        draws,
        (
            f"加权降幅与公布平均降幅之比：由{ratio.degrees + 1}个非循环口径的国家批次（节约额、集采前市场规模、平均降幅分别公布）推得，"
            f"对数尺度t分布，自由度{ratio.degrees}",
            f"weighted over published mean cut: from {ratio.degrees + 1} national rounds whose saving, market and cut are published "
            f"separately; log scale, t with {ratio.degrees} degrees of freedom",
        ),
    )
