"""What is special about a payment is named by what was decided."""

import pytest

from odoo.addons.billing_bank_file.core.decision import Decision, Reason, Share
from odoo.addons.billing_bank_file.core.resolution import resolution_of


def decided(outcome, *codes, shares=(), write_off=0):
    reasons = tuple(Reason(code) for code in codes)
    return Decision(
        1, outcome, tuple(shares), reasons=reasons, partner_id=5, write_off=write_off
    )


@pytest.mark.parametrize(
    "item, expected",
    [
        (decided("reconciled", shares=[Share(1, 1000)]), ""),
        (decided("partial", shares=[Share(1, 1000)]), ""),
        (decided("reconciled", shares=[Share(1, 900)]), "overpaid"),
        (decided("reconciled", shares=[Share(1, 1300), Share(2, -300)]), ""),
        (decided("reconciled", shares=[Share(1, 1010)], write_off=10), "written_off"),
        (decided("reconciled", shares=[Share(1, 990)], write_off=-10), "written_off"),
        (decided("reconciled", shares=[Share(1, 1000, 8)]), "known"),
        (decided("assigned"), "assigned"),
        (decided("assigned", "same_customer", "reference_paid"), "already_paid"),
        (decided("proposed", "already_covered"), "duplicate"),
        (decided("proposed", "reference_paid"), "already_paid"),
        (decided("proposed", "digit_wrong"), ""),
        (decided("unmatched", "stranger"), "stranger"),
        (decided("unmatched", "no_reference"), ""),
        # what is certain about the money comes before where it came from
        (decided("reconciled", "reference_paid", shares=[Share(1, 1000)]), ""),
    ],
)
def test_resolution(item, expected):
    assert resolution_of(item, 1000) == expected
