"""How names agree, and under which words the database finds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_kid_match.core import names
from odoo.addons.billing_kid_match.core.weights import (
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
)


@pytest.mark.parametrize(
    ("paid", "known", "how"),
    [
        ("HANSEN KARI", "Kari Hansen", NAME_EXACT),
        ("Ola Soerli", "Ola Sørli", NAME_EXACT),
        ("PAAL AASHEIM", "Pål Åsheim", NAME_EXACT),
        ("Fjordlys", "Fjordlys AS", NAME_EXACT),
        ("Kari Marie Hansen", "Kari Hansen", NAME_PART),
        ("Kari Hansen Olsen", "Kari Hansen", NAME_PART),
        ("K. Hansen", "Kari Hansen", NAME_INITIALS),
        ("Kari M Hansen", "Kari Marie Hansen", NAME_PART),
        ("Kari Hansn", "Kari Hansen", NAME_TYPO),
        ("Mikael Lindq", "Mikael Lindqvist", NAME_TYPO),
        ("KARIHANSEN", "Kari Hansen", NAME_TYPO),
        ("Ola Hansen", "Kari Hansen", NAME_SURNAME),
        ("Ødegård Rør og Varme AS", "Øyvind Ødegård", NAME_OTHER),
        ("Kjell Berg", "Ola Dahl", NAME_OTHER),
        ("", "Ola Dahl", NAME_OTHER),
    ],
)
def test_compare(paid, known, how):
    assert names.compare(paid, known) == how


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kari Hansen for Ola Hansen", ["Ola Hansen"]),
        ("gjelder Ola Nordmann, faktura 12", ["Ola Nordmann"]),
        ("c/o Eva Berg", ["Eva Berg"]),
        ("strøm november", []),
        ("", []),
    ],
)
def test_on_behalf_of(text, found):
    assert names.on_behalf_of(text) == found


@given(st.text(max_size=40))
def test_a_name_agrees_with_itself(name):
    if names.words(name):
        assert names.compare(name, name) == NAME_EXACT
    assert names.name_key(name) == names.name_key(name.upper()) or not name.isascii()


@given(st.lists(st.sampled_from(["kari", "ola", "hansen", "li", "berg"]), min_size=1))
def test_order_does_not_matter(parts):
    key = names.name_key(" ".join(parts))
    assert key == names.name_key(" ".join(reversed(parts)))
    for probe in names.index_probes(" ".join(parts)):
        assert set(probe) <= set(names.index_words(" ".join(parts)))
