"""A company that sends SMS, and attempts to send."""

import time

from odoo import fields

from tests.common import KvittAccountCase, KvittHttpCase
from tests.sms_rig import SmsRig

NUMBER = "+4799887766"


class SmsCase(KvittAccountCase, KvittHttpCase):
    """A Norwegian company with a customer that has a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As the jobs and the gateway's reports do.
        cls.env = cls.env(su=True)
        cls.company = cls.company_data["company"].sudo()
        cls.company.billing_sms_sender = "Fjordlys"
        cls.env["res.lang"]._activate_lang("nb_NO")
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Kari Nordmann",
                "phone": NUMBER,
                "country_id": cls.env.ref("base.no").id,
                "lang": "nb_NO",
            }
        )
        cls.channel = cls.env["billing.channel.sms"]
        cls.reports = cls.env["billing.sms.report"]
        cls.content = cls.env["billing.distribution.content"].create(
            {
                "name": "Short",
                "sms_body": "Faktura {{ object.item_ids.move_id.name }}: "
                "{{ object.item_ids.page_url }}",
            }
        )

    def make_invoice(self, partner=None):
        return self._create_invoice_one_line(
            price_unit=100, partner_id=partner or self.customer, post=True
        )

    def make_attempt(self, number=NUMBER, moves=None, called=True, **vals):
        """Return an attempt that is about to be handed over."""
        moves = moves or self.make_invoice()
        partner = moves[0].partner_id
        point = self.env["billing.contact.point"].search(
            [("partner_id", "=", partner.id), ("address", "=", number)]
        )
        attempt = self.env["billing.distribution.attempt"]._make(
            [
                {
                    "company_id": moves[0].company_id.id,
                    "partner_id": partner.commercial_partner_id.id,
                    "recipient_id": partner.id,
                    "channel": "sms",
                    "contact_point_id": point.id,
                    "address": number,
                    "content_id": self.content.id,
                    "lang": "nb_NO",
                    "planned_at": fields.Datetime.now(),
                    "items": [
                        {"move_id": move.id, "company_id": move.company_id.id}
                        for move in moves
                    ],
                    **vals,
                }
            ]
        )
        if called:
            attempt._apply("called")
        return attempt

    def report(self, attempt_or_key, status, secret=None, data=None, **parameters):
        """Report on a message as a gateway would; return the answer.

        :param data: True: in a form that is posted
        """
        key = getattr(attempt_or_key, "key", attempt_or_key)
        secret = self.reports._secret(key) if secret is None else secret
        values = {"secret": secret, "status": status, **parameters}
        path = f"/billing/sms/report/{key}"
        answer = (
            self.url_open(path, data=values)
            if data
            else self.url_open(path, params=values)
        )
        self.env.invalidate_all()
        return answer


class KannelCase(SmsCase):
    """With a real gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rig = SmsRig().start()
        cls.addClassCleanup(cls.rig.stop)
        cls.company.sudo().write(cls.gateway_vals())

    @classmethod
    def gateway_vals(cls, **changes):
        """Return the settings of a company that lead to the gateway."""
        return {
            "billing_sms_http_url": cls.rig.kannel.url,
            "billing_sms_http_username": cls.rig.kannel.username,
            "billing_sms_http_password": cls.rig.kannel.password,
            "billing_sms_report_base_url": cls.rig.box.url,
            "billing_sms_provider": "http",
            **changes,
        }

    def send(self, attempt):
        """Hand an attempt over and settle it; return what was prepared."""
        prepared = self.channel._prepare(attempt)
        attempt._apply_outcomes([(attempt, self.channel._call(attempt, prepared))])
        return prepared

    def pass_on(self, *paths):
        """Let reports that the gateway made reach Odoo, in this order."""
        for path in paths:
            self.assertEqual(self.url_open(path).status_code, 200)
        self.env.invalidate_all()

    def received(self, number, count=1):
        """Wait for the parts that one number gets at the fake centre."""
        deadline = time.monotonic() + 20
        while True:
            found = [r for r in self.rig.kannel.received() if r.receiver == number]
            if len(found) >= count:
                return found
            self.assertLess(time.monotonic(), deadline, f"{number} got {found}")
            time.sleep(0.05)
