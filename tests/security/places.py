"""The small city of the fuzzer with payloads for its names and codes."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fuzz import content, writing
from tests.security.payloads import PAYLOADS

CODES = ("sql", "sql quotes", "template", "path", "prototype")
"""Payloads that stand as codes too: one for each hospital."""


def hostile() -> content.Content:
    """A city whose hospitals, products, varieties, batches and suppliers are called as payloads."""
    texts = list(PAYLOADS.values())
    meaning = content.make(random.Random("hostile"))
    meaning.city |= {"rule_profile": "national-2020", "name_zh": "试验市", "name_en": "Trial"}
    hospitals = {f"H00{number}": PAYLOADS[name] for number, name in enumerate(CODES, 1)}
    products = {f"P{number}": texts[number + 10].strip() for number in range(1, 5)}
    generics = {"甲片": PAYLOADS["html"], "乙注射液": PAYLOADS["formula ="], "丙胶囊": PAYLOADS["script"]}
    batches = {"B1": PAYLOADS["formula @"], "B2": PAYLOADS["closing tags"]}
    for rows in meaning.tables.values():
        for row in rows:
            for column, names in (
                ("hospital_id", hospitals),
                ("product_id", products),
                ("generic", generics),
                ("batch_id", batches),
            ):
                if row.get(column) in names:
                    row[column] = names[row[column]]
    for place, row in enumerate(meaning.tables["hospitals"]):
        row["name"] = (texts * 2)[place * 5]
    for place, row in enumerate(meaning.tables["products"]):
        row["manufacturer"], row["strength"] = texts[place], texts[-1 - place].strip()
    return meaning


def named(text: str) -> content.Content:
    """The same city with one payload as every free name."""
    meaning = content.make(random.Random("named"))
    meaning.city["rule_profile"] = "national-2020"
    for row in meaning.tables["hospitals"]:
        row["name"] = text
    for row in meaning.tables["products"]:
        row["manufacturer"] = row["strength"] = row["dosage_form"] = text
    return meaning


def written(meaning: content.Content, folder: Path) -> Path:
    """Write a city in the plainest way."""
    writing.folder_of(meaning).write(folder)
    return folder
