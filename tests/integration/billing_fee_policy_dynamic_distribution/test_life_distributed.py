"""Every job twice a day, with a mail server: each letter arrives once."""

from unittest.mock import patch

from odoo import SUPERUSER_ID

from ...mail_server import MailServer
from ..billing_fee_policy.life_common import LifeCase


class TestDistributedLife(LifeCase):
    by_itself = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.env["billing.distribution.plan"].sudo().search([]).active = False
        cls.mailbox = MailServer()
        cls.mailbox.start()
        cls.addClassCleanup(cls.mailbox.stop)
        servers = cls.env["ir.mail_server"].sudo()
        servers.search([]).active = False
        servers.create(
            {
                "name": "Test",
                "smtp_host": "127.0.0.1",
                "smtp_port": cls.mailbox.port,
                "smtp_encryption": "none",
            }
        )
        # Odoo sends no mail in tests; this one is about nothing else.
        cls.startClassPatcher(
            patch.object(
                cls.env.registry["ir.mail_server"],
                "_disable_send",
                lambda self=None: False,
            )
        )

    def test_each_letter_arrives_once(self):
        claim = self.bill(self.kari)
        cron = self.env["ir.cron"].with_user(SUPERUSER_ID)
        for day, letters, books in (
            (3, 1, (1249.0, 0.0, 0.0)),
            (14, 2, (1287.0, 38.0, 0.0)),
            (31, 3, (1337.73, 76.0, 12.73)),
        ):
            for _again in range(2):
                told = []
                cron._billing_run(self.day(day), told.append)
                self.assertFalse([line for line in told if "failed" in line])
            arrived = self.mailbox.to(self.kari.email)
            self.assertEqual(len(arrived), letters, day)
            self.assertEqual(len(self.lines(claim)), letters)
            self.assertEqual(self.books(self.kari), books)
        self.assertFalse(self.messages(self.kari))
