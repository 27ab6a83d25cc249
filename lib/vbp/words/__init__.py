"""Text for people, Chinese and English, from one table of phrases, and numbers as people read them."""

from vbp.words.labels import baseline_code, baseline_label, listed, period_label, qualified, scope_label, value_label
from vbp.words.numbers import MISSING, count, money, percent, ratio
from vbp.words.phrases import LANGUAGES, keys, known, say

__all__ = [
    "LANGUAGES",
    "MISSING",
    "baseline_code",
    "baseline_label",
    "count",
    "keys",
    "known",
    "listed",
    "money",
    "percent",
    "period_label",
    "qualified",
    "ratio",
    "say",
    "scope_label",
    "value_label",
]
