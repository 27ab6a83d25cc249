"""Text for people, Chinese and English, from one table of phrases, and numbers as people read them."""
from vbp.words.numbers import count, money, percent, ratio
from vbp.words.phrases import LANGUAGES, keys, say

__all__ = ["LANGUAGES", "count", "keys", "money", "percent", "ratio", "say"]
