"""Does the addon work in this database? ``odoo-bin --test-tags /billing_kid_match``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged

from ..core import edits


@tagged("standard", "post_install", "-at_install")
class TestBillingKidMatch(TransactionCase):
    def test_a_slip_is_found_and_told(self):
        explanation = edits.explain("00120346", "001203456")
        self.assertEqual([edit.kind for edit in explanation.edits], [edits.MISSING])
        [words] = self.env["billing.payment"]._reasons_in_words(
            [{"code": "digit_missing", "values": {"position": 8, "digit": "5"}}]
        )
        self.assertIn("8", words)

    def test_the_indexes_are_there(self):
        self.env.cr.execute(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'account_move'"
            " AND indexname LIKE 'account_move_billing_%%'"
        )
        self.assertGreaterEqual(self.env.cr.fetchone()[0], 6)
