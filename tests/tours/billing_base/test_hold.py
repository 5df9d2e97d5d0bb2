from ..common import TourCase


class TestHold(TourCase):
    def test_manager_holds_and_releases_an_invoice(self):
        manager = self.new_user(
            "tour_manager",
            "billing_base.group_billing_manager",
            "account.group_account_manager",
        )
        invoice = self.invoice()
        self.start_tour(
            f"/odoo/action-account.action_move_out_invoice_type/{invoice.id}",
            "billing_base_hold",
            login="tour_manager",
        )
        hold = self.env["billing.hold"].search([("move_id", "=", invoice.id)])
        self.assertEqual(hold.state, "released")
        self.assertEqual(hold.reason, "Meter is being checked")
        self.assertEqual((hold.user_id, hold.released_by_id), (manager, manager))
        self.assertFalse(invoice._billing_holds()[invoice.id])
