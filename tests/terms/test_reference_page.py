"""`models/README.md` is made from the code and says all of it."""

from __future__ import annotations

import inspect
from itertools import pairwise

from territoryopt.model import library
from territoryopt.terms import GOALS, RULES
from territoryopt.terms.reference import reference
from territoryopt.terms.sections import Measure, TravelSection, Where, WorkloadSection
from territoryopt.terms.term import kind_name


def test_the_page_is_current():
    committed = (library("models") / "README.md").read_text(encoding="utf-8")
    assert committed == reference(), "run python -m territoryopt.terms.reference > models/README.md"


def test_every_kind_has_formula_symbols_units_and_source():
    page = reference()
    for term in (*RULES, *GOALS):
        text = inspect.getdoc(term)
        assert text is not None
        for label in ("Formula: ", "Symbols: ", "Units: ", "Source: "):
            assert text.count(f"\n{label}") == 1, (term, label)
        heading = f'### <a id="{term.role}s-{kind_name(term)}"></a>{kind_name(term)}\n'
        own = page.partition(heading)[2].partition("\n### ")[0]
        for name, field in term.model_fields.items():
            if name != "kind":
                assert field.description, (term, name)
                assert f"| `{name}` |" in own


def test_every_key_of_a_section_is_described():
    page = reference()
    for section in (Where, TravelSection, WorkloadSection, Measure):
        for name, field in section.model_fields.items():
            assert field.description, (section, name)
            assert f"| `{name}` |" in page


def test_tables_are_whole():
    lines = reference().split("\n")
    for before, line in pairwise(lines):
        if before.startswith("| ") and line.startswith("| "):
            assert line.replace("\\|", "").count("|") == before.replace("\\|", "").count("|")
