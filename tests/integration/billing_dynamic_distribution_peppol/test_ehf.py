"""EHF through Odoo's access point, in its demo mode."""

from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo import Command
from odoo.exceptions import UserError

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution_peppol.hooks import post_init_hook

from ..billing_dynamic_distribution.channel_contract import ChannelContract
from ..billing_dynamic_distribution.common import DistributionCase


class EhfCase(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = {"ehf": "billing.channel.ehf"}
        patcher = patch.object(
            cls.registry["billing.channel"], "_registry", lambda self: names
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.env["ir.config_parameter"].set_param("account_peppol.edi.mode", "demo")
        cls.company.write(
            {
                "peppol_eas": "0192",
                "peppol_endpoint": "811176702",
                "account_peppol_contact_email": "ehf@example.com",
                "vat": "NO811176702MVA",
                "street": "Kraftverksvegen 1",
                "zip": "6899",
                "city": "Lysvik",
            }
        )
        key = cls.env["certificate.key"]._generate_rsa_private_key(cls.company)
        cls.env["account_edi_proxy_client.user"].create(
            {
                "id_client": "demo of the test",
                "company_id": cls.company.id,
                "proxy_type": "peppol",
                "edi_mode": "demo",
                "edi_identification": "0192:811176702",
                "refresh_token": "demo",
                "private_key_id": key.id,
            }
        )
        cls.company.account_peppol_proxy_state = "sender"
        cls.channel = cls.env["billing.channel.ehf"]
        cls.proxy = cls.registry["account_edi_proxy_client.user"]
        cls.tax = cls.company_data["default_tax_sale"]

    def create_posted(self):
        partner = self.create_customer(
            "Kunde AS",
            is_company=True,
            vat="NO864234232MVA",
            invoice_edi_format="ubl_bis3",
            peppol_eas="0192",
            peppol_endpoint="864234232",
        )
        partner.with_company(self.company).peppol_verification_state = "valid"
        move = self.create_invoice(
            partner,
            invoice_line_ids=[
                Command.create(
                    {
                        "name": "Strøm",
                        "price_unit": 1000,
                        "tax_ids": [Command.set(self.tax.ids)],
                    }
                )
            ],
        )
        move.action_post()
        return move

    def sent(self):
        attempt = self.create_posted()._billing_queue_attempts("ehf")
        prepared = self.channel._prepare(attempt)
        attempt._apply(state.CALLED)
        attempt._apply_outcomes([(attempt, self.channel._call(attempt, prepared))])
        return attempt, prepared

    @contextmanager
    def failing(self, cause):
        """Let the line to the access point fail as Odoo tells it."""

        def call(user, endpoint, params=None):
            try:
                raise cause
            except requests.RequestException:
                raise UserError("The access point did not answer")  # noqa: B904

        with patch.object(self.proxy, "_call_peppol_proxy", call):
            yield


class TestEhfContract(ChannelContract, EhfCase):
    channel_code = "ehf"
    # Who takes no EHF is known before the call.
    test_contract_what_is_refused_for_good_is_a_hard_failure = None

    def contract_invoice(self):
        return self.create_posted()

    @contextmanager
    def provider(self, behaviour):
        if behaviour == "down":
            with self.failing(requests.ConnectTimeout()):
                yield
        elif behaviour == "silent":
            with self.failing(requests.ReadTimeout()):
                yield
        else:
            yield


class TestEhf(EhfCase):
    def test_the_address_is_a_contact_point(self):
        point = self.channel._contact_points(self.create_posted().partner_id)
        self.assertEqual(point.address, "0192:864234232")

    def ehf_points(self, partner):
        points = partner.billing_contact_point_ids
        return points.filtered(lambda point: point.channel == "ehf").mapped("address")

    def test_the_address_follows_what_odoo_makes_it_of(self):
        partner = self.create_customer(
            "Kund AB", is_company=True, country_id=self.env.ref("base.se").id
        )
        self.assertFalse(self.ehf_points(partner))
        partner.company_registry = "5560125790"
        self.assertEqual(partner.peppol_endpoint, "5560125790")
        self.assertEqual(self.ehf_points(partner), ["0007:5560125790"])
        partner.peppol_endpoint = "5560360793"
        self.assertEqual(self.ehf_points(partner), ["0007:5560360793"])
        partner.peppol_endpoint = False
        self.assertFalse(self.ehf_points(partner))

    def test_customers_from_before_the_installation_have_it_too(self):
        partner = self.create_posted().partner_id
        partner.billing_contact_point_ids.unlink()
        post_init_hook(self.env)
        self.assertEqual(self.ehf_points(partner), ["0192:864234232"])

    def test_an_invoice_that_is_handed_over_is_never_again(self):
        attempt, prepared = self.sent()
        self.assertEqual(attempt.state, "sent")
        move = attempt.move_ids
        self.assertEqual(attempt.provider_reference, move.peppol_message_uuid)
        with patch.object(
            self.proxy, "_call_peppol_proxy", side_effect=AssertionError("again")
        ):
            self.assertEqual(self.channel._call(attempt, prepared).event, state.SENT)
            found = self.channel._look_up(attempt)
        self.assertEqual(found.reference, move.peppol_message_uuid)

    def test_what_staff_hand_over_is_noted_once(self):
        move = self.create_posted()
        self.env["account.move.send"]._generate_and_send_invoices(
            move, sending_methods=["peppol"]
        )
        [attempt] = self.attempts_of(move)
        self.assertEqual((attempt.origin, attempt.channel), ("odoo", "ehf"))
        self.assertEqual(attempt.provider_reference, move.peppol_message_uuid)
        move.peppol_move_state = "done"
        self.assertEqual(self.attempts_of(move).mapped("state"), ["delivered"])
        # A message of ours is not noted a second time.
        attempt, _prepared = self.sent()
        self.assertEqual(self.attempts_of(attempt.move_ids), attempt)

    def test_who_wants_peppol_wants_ehf(self):
        partner = self.create_posted().partner_id.with_company(self.company)
        self.assertFalse(partner._billing_chosen_channel(self.company))
        partner.invoice_sending_method = "peppol"
        self.assertEqual(partner._billing_chosen_channel(self.company), "ehf")

    def test_reports_of_the_access_point_move_the_message(self):
        attempt, _prepared = self.sent()
        attempt.move_ids.peppol_move_state = "done"
        self.assertEqual(attempt.state, "delivered")
        other, _prepared = self.sent()
        other.move_ids.peppol_move_state = "error"
        self.assertEqual(other.state, "failed_hard")
        self.assertNotEqual(other.contact_point_id.state, "blocked")

    def test_without_registration_the_channel_is_not_offered(self):
        self.assertTrue(self.channel._is_available(self.company))
        self.company.account_peppol_proxy_state = "not_registered"
        self.assertFalse(self.channel._is_available(self.company))
