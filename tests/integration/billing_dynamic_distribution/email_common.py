"""E-mail as customers get it: a real mail server, and a gateway for what comes back."""

from unittest.mock import patch

from odoo import api

from ...mail_server import MailServer
from .common import DistributionCase

KARI, OLA = "kari@kunde.example", "ola@kunde.example"


class EmailCase(DistributionCase):
    """Tests with the real e-mail channel; SMS and letters are only counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbox = MailServer()
        cls.mailbox.start()
        cls.addClassCleanup(cls.mailbox.stop)
        cls._use_real_email()
        cls.company.write(
            {
                "email": "faktura@fjordlys.example",
                "alias_domain_id": cls.env["mail.alias.domain"]
                .create({"name": "fjordlys.example"})
                .id,
            }
        )
        servers = cls.env["ir.mail_server"]
        servers.search([]).active = False
        cls.mail_server = servers.create(
            {
                "name": "Test",
                "smtp_host": "127.0.0.1",
                "smtp_port": cls.mailbox.port,
                "smtp_encryption": "none",
                "from_filter": "fjordlys.example",
            }
        )
        # Odoo sends no mail in tests; these are about nothing else.
        patcher = patch.object(
            cls.registry["ir.mail_server"], "_disable_send", lambda self=None: False
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.kari.email = KARI
        cls.channel = cls.env["billing.channel.email"].sudo()

    @classmethod
    def _use_real_email(cls):
        fakes = cls.env["billing.channel"]._registry()
        names = {**fakes, "email": "billing.channel.email"}
        patcher = patch.object(
            cls.registry["billing.channel"], "_registry", api.model(lambda self: names)
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)

    def setUp(self):
        super().setUp()
        self.mailbox.forget()
        self.addCleanup(self.mailbox.start_again)

    # === HELPERS === #

    def post_and_send(self, partner=None, **values):
        """Post an invoice on Monday, send it, and return it with its attempts."""
        with self.at(0):
            move, _run = self.post(partner, **values)
            self.send()
        return move, self.attempts_of(move)

    def receive(self, message):
        """Let the mail gateway take in an e-mail."""
        self.env["mail.thread"].with_user(
            self.env.ref("base.user_root")
        ).message_process(None, message)

    def point(self, partner=None):
        return self.env["billing.contact.point"].search(
            [("partner_id", "=", (partner or self.kari).id), ("channel", "=", "email")]
        )
