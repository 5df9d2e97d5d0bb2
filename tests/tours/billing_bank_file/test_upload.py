import pytest

from ...integration.billing_bank_file.common import ACCOUNT
from ..common import TourCase


class TestUpload(TourCase):
    @pytest.mark.nightly
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

    @pytest.mark.nightly
    def test_a_table_is_explained_once(self):
        self.new_user("tour_table_clerk", "billing_base.group_billing_user")
        table = (
            f"Kontonummer;{ACCOUNT}\n\n"
            "Dato;Beløp;Navn;Merknad\n"
            "20.11.2026;1 250,00;Kari Nordmann;Takk for hjelpen\n"
            "21.11.2026;-35,50;;Gebyr\n"
        )
        following = table + "22.11.2026;99,00;Ola Nordmann;Hei\n"
        for name, text in (("export", table), ("next", following)):
            self.serve(f"/billing_bank_file/tour/{name}.csv", text.encode("cp1252"))
        self.start_tour(
            "/odoo/action-billing_bank_file.billing_bank_file_action",
            "billing_bank_file_table",
            login="tour_table_clerk",
        )
        files = self.files.search([("format", "=", "csv")], order="id")
        self.assertEqual(files.mapped("name"), ["export.csv", "next.csv"])
        self.assertEqual(files.mapped("payment_count"), [2, 1])
        self.assertEqual(files.mapped("duplicate_count"), [0, 2])
        self.assertRecordValues(
            files.payment_ids.sorted("booking_date"),
            [
                {"amount": 1250.0, "text": "Takk for hjelpen"},
                {"amount": -35.5, "text": "Gebyr"},
                {"amount": 99.0, "text": "Hei"},
            ],
        )
