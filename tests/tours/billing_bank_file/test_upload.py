from ..common import TourCase


class TestUpload(TourCase):
    def test_a_refused_file_says_why(self):
        self.new_user("tour_clerk", "billing_base.group_billing_user")
        self.serve(
            "/billing_bank_file/tour/wrong_account.xml",
            self.camt([self.payment("48213")], account="99992042764"),
        )
        before = self.payments.search_count([])
        self.start_tour(
            "/odoo/action-billing_bank_file.billing_bank_file_action",
            "billing_bank_file_refused",
            login="tour_clerk",
        )
        file = self.files.search([("name", "=", "wrong_account.xml")])
        self.assertEqual(file.state, "refused")
        self.assertRegex(file.reason, r"^wrong_account\.xml:\d+: account: ")
        self.assertEqual(self.payments.search_count([]), before)
