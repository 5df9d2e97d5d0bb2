"""Does the addon work in this database? ``odoo-bin --test-tags /billing_base``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged


@tagged("standard", "post_install", "-at_install")
class TestBillingBase(TransactionCase):
    def test_an_event_is_written_once_and_stays(self):
        values = {"kind": "job.failed", "dedup_key": "smoke", "payload": {"job": "x"}}
        event = self.env["billing.event"]._log([values])
        self.assertEqual(len(event), 1)
        self.assertFalse(self.env["billing.event"]._log([values]))
        with self.assertRaises(UserError):
            event.sudo().unlink()
