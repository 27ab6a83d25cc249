"""The hospitals of the invented 示范市: tiers, a county group with village clinics, sizes and adherence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vbp.demo import arrays

TIERS = ("tertiary", "secondary", "primary", "primary")
SIZE = (100.0, 35.0, 8.0, 0.8)
"""Mean size of a hospital of each tier: 100 buys about 60,000 yuan of a common generic a month."""
CARRIED = (1.0, 0.95, 0.7, 0.35)
"""Share of the drug generics that a hospital of each tier buys at all."""
ORIGINATOR_TILT = (1.5, 1.0, 0.5, 0.0)
"""How much a hospital of each tier prefers the originator (原研药) before the rounds."""
GROUP = "G01"


@dataclass(frozen=True)
class Hospitals:
    """Hospitals as numpy columns of length H, largest tier first.

    `adherence` shifts the logit of the share bought from the winners: the planted under- and over-achievers.
    `lead` is the position of the hospital that reports for the county group, `member` marks those it reports for.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    tier: np.ndarray
    size: np.ndarray
    adherence: np.ndarray
    private: np.ndarray
    lead: int
    member: np.ndarray
    under: tuple[int, ...]
    over: tuple[int, ...]
    gaps: tuple[int, ...]
    stocked: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def grouped(self) -> np.ndarray:
        """Hospitals of the county group (医共体), its lead among them."""
        grouped = self.member.copy()
        grouped[self.lead] = True
        return grouped

    @property
    def alliance(self) -> np.ndarray:
        """Members of the hospital alliance: the two upper tiers without the county group."""
        return np.asarray((self.tier <= 1) & ~self.grouped)

    def table(self) -> pa.Table:
        """Return the table `hospitals`."""
        grouped = self.grouped
        return pa.table(
            {
                "hospital_id": pa.array(self.ids),
                "name": pa.array(self.names),
                "tier": arrays.pick(TIERS, self.tier),
                "level": arrays.pick(("甲等", "乙等", "乡镇卫生院", "村卫生室"), self.tier),
                "ownership": arrays.pick(("public", "private"), self.private.astype(int)),
                "county_group": arrays.pick((None, GROUP), grouped.astype(int)),
                "group_lead": arrays.flags(np.arange(len(self)) == self.lead),
            }
        )


def _tiers(count: int) -> np.ndarray:
    upper, middle = max(2, round(0.1 * count)), max(3, round(0.25 * count))
    lower = max(3, round(0.25 * count))
    return np.repeat(np.arange(4), (upper, middle, lower, count - upper - middle - lower))


def _names(tier: np.ndarray, lead: int, member: np.ndarray) -> tuple[str, ...]:
    ordinal = "一二三四五六七八九十"
    seen = [0, 0, 0, 0]
    names = []
    for position, kind in enumerate(tier):
        seen[kind] += 1
        number = ordinal[seen[kind] - 1] if seen[kind] <= len(ordinal) else str(seen[kind])
        where = "示范县" if member[position] else "示范市"
        names.append(
            "示范县人民医院"
            if position == lead
            else {
                0: f"示范市第{number}医院",
                1: f"示范市第{number}区医院",
                2: f"{where}第{number}卫生院",
                3: f"{where}第{seen[kind]}村卫生室",
            }[int(kind)]
        )
    return tuple(names)


def _adherence(rng: np.random.Generator, tier: np.ndarray, under: tuple[int, ...], over: tuple[int, ...]) -> np.ndarray:
    shift = rng.normal(0.0, 0.25, len(tier))
    shift[list(under)] = -2.2
    shift[list(over)] = 1.2
    return shift


def make_hospitals(seed: int, count: int) -> Hospitals:
    """Return `count` hospitals (at least 9): three tiers and village clinics, some of them one county group.

    The lead of the group is the last hospital of the second tier; every second township hospital and every second
    village clinic belongs to it. Under- and over-achievers are every fifth hospital from the second and the fourth on,
    outside the group; gaps fall on small hospitals, stock is kept by the first five.
    """
    rng = arrays.stream(seed, "hospitals")
    tier = _tiers(count)
    position = np.arange(count)
    lead = int(position[tier == 1][-1])
    member = (tier >= 2) & (position % 2 == 0)
    free = [int(at) for at in position[(~member) & (position != lead) & (tier <= 2)]]
    under, over = tuple(free[1::5]), tuple(free[3::5])
    size = np.take(SIZE, tier) * np.exp(rng.normal(0.0, 0.3, count))
    private = (tier == 1) & (position == position[tier == 1][0])
    gaps = tuple(int(at) for at in position[tier == 2][:2])
    return Hospitals(
        ids=tuple(f"H{number:03d}" for number in range(1, count + 1)),
        names=_names(tier, lead, member),
        tier=tier,
        size=size,
        adherence=_adherence(rng, tier, under, over),
        private=private,
        lead=lead,
        member=member,
        under=under,
        over=over,
        gaps=gaps,
        stocked=tuple(range(min(5, count))),
    )
