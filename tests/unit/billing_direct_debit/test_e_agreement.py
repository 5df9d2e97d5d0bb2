"""The form that goes to the E-Agreement page, and what an identification says."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import e_agreement as core
from odoo.addons.billing_direct_debit.core import identification

GIVEN = {
    "account": "86011117947",
    "kid": "000123400019",
    "return_url": "https://kvitt.example/my/invoices/7/debit_back?key=7-abc",
}


class TestForm:
    def test_holds_the_documented_fields(self):
        fields = core.form_fields(
            **GIVEN, company_name="Fjordlys AS", limit=12000, no_notice=True
        )
        assert fields == (
            ("companyAccountNo", "86011117947"),
            ("kid", "000123400019"),
            ("amountLimit", "12000"),
            ("notificationDisabled", "true"),
            ("companyName", "Fjordlys AS"),
            ("returnUrl", GIVEN["return_url"]),
        )

    def test_leaves_out_what_nobody_said(self):
        names = [name for name, _value in core.form_fields(**GIVEN, company_name="AB")]
        assert names == ["companyAccountNo", "kid", "returnUrl"]

    @pytest.mark.parametrize(
        "change, field",
        [
            ({"account": "8601111794"}, "companyAccountNo"),
            ({"account": "8601.11.17947"}, "companyAccountNo"),
            ({"kid": "12"}, "kid"),
            ({"kid": "1" * 26}, "kid"),
            ({"kid": "1234567890-"}, "kid"),
            ({"limit": 0}, "amountLimit"),
            ({"return_url": "javascript:alert(1)"}, "returnUrl"),
            ({"return_url": "/my/invoices/7"}, "returnUrl"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, change, field):
        with pytest.raises(ValueError, match=f"^{field}:"):
            core.form_fields(**(GIVEN | change))


class TestLimit:
    def test_is_the_pages_own_for_small_invoices(self):
        assert core.proposed_limit(Decimal("0")) == 10_000
        assert core.proposed_limit(Decimal("1249.00")) == 10_000

    @given(st.decimals(0, 1_000_000, places=2))
    def test_leaves_room_for_twice_the_highest(self, highest):
        limit = core.proposed_limit(highest)
        assert limit >= 2 * highest
        assert limit % 1000 == 0
        assert limit == 10_000 or limit - 1000 < 2 * highest


class TestOrigin:
    @pytest.mark.parametrize(
        "address, expected",
        [
            (core.TEST_ADDRESS, "https://mtf.pvu.avtalegiro.no"),
            (core.PRODUCTION_ADDRESS, "https://pvu.avtalegiro.no"),
            ("http://127.0.0.1:8069/billing/demo/agreement", "http://127.0.0.1:8069"),
            ("https://bank.example/a;form-action *", "https://bank.example"),
            ("http://[::1]:80/x", "http://[::1]:80"),
        ],
    )
    def test_is_what_a_policy_names(self, address, expected):
        assert core.origin(address) == expected

    @pytest.mark.parametrize("address", ["", "/x", "ftp://bank.example", "https:///x"])
    def test_takes_addresses_of_the_web_alone(self, address):
        with pytest.raises(ValueError):
            core.origin(address)


class TestOutcome:
    def test_nobody_is_known_before_it_is_done(self):
        for state in (identification.PENDING, identification.FAILED):
            with pytest.raises(ValueError):
                identification.Outcome(state, identity="191212121212")
        for identity in ("", "1212121212", "19121212121x"):
            with pytest.raises(ValueError):
                identification.Outcome(identification.DONE, identity=identity)
        with pytest.raises(ValueError):
            identification.Outcome("sure")
        known = identification.Outcome(identification.DONE, "191212121212", "Tolvan")
        assert known.identity == "191212121212"
