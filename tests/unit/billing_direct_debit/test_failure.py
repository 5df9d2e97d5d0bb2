"""Why a debit failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import failure


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        ("status", "1", "funds"),
        ("status", 2, "no_account"),
        ("status", "9", "bank_will_retry"),
        ("rejected", "01", "no_mandate"),
        ("rejected", "1", "no_mandate"),
        ("rejected", "03", "stopped"),
        ("rejected", "13", "ours"),
        ("rejected", "24", "limit"),
        ("changed", "11", "stopped"),
        ("changed", "03", "no_mandate"),
        ("changed", "21", "ours"),
        ("status", "7", "bank"),
    ],
)
def test_codes_of_bankgirot(kind, code, reason):
    assert failure.of_autogiro(kind, code) == reason


def test_a_kind_nobody_knows_is_a_mistake():
    with pytest.raises(ValueError, match="no kind"):
        failure.of_autogiro("mandate", "01")


@given(st.sampled_from(["status", "rejected", "changed"]), st.text(max_size=4))
def test_an_unknown_code_is_not_the_payer_s_fault(kind, code):
    reason = failure.of_autogiro(kind, code)
    assert reason in failure.CODES
    if not code.strip().lstrip("0").isdigit():
        assert reason in failure.NOT_THE_PAYER


def test_who_is_not_to_blame():
    assert failure.NOT_THE_PAYER == {"ours", "bank"}
