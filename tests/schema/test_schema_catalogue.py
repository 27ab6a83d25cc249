"""The schema holds together: no header claimed twice, words without doubt, documentation current."""

from __future__ import annotations

import pytest

from vbp.paths import root
from vbp.schema import TABLES, vocabularies
from vbp.schema.document import document
from vbp.tables.headers import named
from vbp.tables.kinds import arrow_type
from vbp.tables.texts import compact

CONTRACT = {
    "varieties": "batch_id generic unit_name level category cycle renewal_of winners pre_price_yuan_per_unit "
    "pre_price_basis",
    "products": "product_id generic category dosage_form strength units_per_pack spec_factor manufacturer originator "
    "consistency_evaluated ddd_units substitute_group nhsa_code exempt_reason",
    "awards": "batch_id product_id start_date selected_price_yuan pre_price_yuan price_cap_yuan supply_role end_date",
    "agreements": "batch_id hospital_id generic product_id agreement_year start_date end_date base_quantity_units "
    "agreed_quantity_units",
    "usage": "hospital_id month date product_id quantity_packs quantity_units amount_yuan basis",
    "hospitals": "hospital_id name tier level ownership county_group group_lead",
    "assessments": "batch_id hospital_id agreement_year product_id score",
    "fund": "hospital_id batch_id generic agreement_year fund fund_ratio insured_share share_basis excluded_share",
    "batch_usage": "hospital_id batch_id period_start period_end amount_yuan amount_basis",
    "settlements": "hospital_id supplier invoice_id invoice_date paid_date amount_yuan direct",
    "stock": "hospital_id month product_id opening_units in_units out_units closing_units",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_every_column_of_the_contract_is_declared(name: str) -> None:
    assert set(CONTRACT[name].split()) <= set(TABLES[name].column_names)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_no_two_columns_of_a_table_claim_one_header(table) -> None:
    claimed: dict[str, str] = {}
    for column in table.columns:
        for form in (column.name, *column.headers):
            assert claimed.setdefault(compact(form), column.name) == column.name, form
    assert len(claimed) >= len(table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_declared_header_is_recognised_as_its_own_column(table) -> None:
    for column in table.columns:
        for form in (column.name, *column.headers):
            hit = named(form, table)
            assert hit is not None, form
            assert hit[0].name in (column.name, column.other_basis), form


def test_every_column_has_meaning_in_both_languages_and_an_arrow_type() -> None:
    for table in TABLES.values():
        for column in table.columns:
            assert column.zh and column.en
            assert arrow_type(column.kind) is not None
        assert set(table.key) <= set(table.column_names)


def test_no_word_of_a_vocabulary_means_two_things() -> None:
    for name, vocabulary in vocabularies().items():
        forms = [
            compact(form)
            for word, variants in vocabulary.words.items()
            for form in dict.fromkeys(map(compact, (word, *variants)))
        ]
        assert len(forms) == len(set(forms)), name


def test_the_documentation_is_current() -> None:
    path = root() / "docs" / "tables.md"
    assert path.read_text(encoding="utf-8") == document(), "run python -m vbp.schema.document"
