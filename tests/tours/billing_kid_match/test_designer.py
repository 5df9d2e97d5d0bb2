import pytest

from ..common import TourCase


@pytest.mark.nightly
class TestDesigner(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new_user("tour_manager", "billing_base.group_billing_manager")
        for amount in (500, 900, 500):
            cls.invoice(amount)

    def test_compare_and_create(self):
        schemes = self.env["billing.reference.scheme"].with_context(active_test=False)
        before = schemes.search([])
        self.start_tour(
            "/odoo/action-billing_base.billing_reference_scheme_action",
            "billing_kid_match_designer",
            login="tour_manager",
        )
        made = schemes.search([]) - before
        self.assertRecordValues(
            made,
            [
                {
                    "company_id": self.company.id,
                    "algorithm": "mod10",
                    "customer_length": 7,
                    "serial_length": 9,
                }
            ],
        )
