"""What the tests of billing_base share."""

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.billing_base.core.visitor import Verdict

from ... import common

PERSON = Verdict("person", "touched", "phone")
MACHINE = Verdict("machine", "scanner", "other")
UNKNOWN = Verdict("unknown", "unclear", "phone")


class BillingBaseCase(common.KvittAccountCase):
    """A Norwegian company with a billing user, a manager and a KID scheme."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref(
            "billing_base.group_billing_manager"
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.events = cls.env["billing.event"]
        cls.user = cls._new_user("billing_user", "billing_base.group_billing_user")
        cls.manager = cls._new_user(
            "billing_manager", "billing_base.group_billing_manager"
        )
        cls.journal = cls.company_data["default_journal_sale"]
        cls.scheme = cls._new_scheme()
        cls.journal.write(
            {
                "invoice_reference_model": "kvitt",
                "billing_reference_scheme_id": cls.scheme.id,
            }
        )

    @classmethod
    def _new_user(cls, login, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _new_scheme(cls, **values):
        return cls.env["billing.reference.scheme"].create(
            {"name": "KID", "company_id": cls.company.id, **values}
        )

    @classmethod
    def _new_partner(cls, name="Kari Nordmann", **values):
        return cls.env["res.partner"].create(
            {"name": name, "country_id": cls.env.ref("base.no").id, **values}
        )

    @classmethod
    def _new_invoices(cls, count=1, partner=None, post=True, journal=None, **values):
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": (partner or cls.partner_a).id,
                    "journal_id": (journal or cls.journal).id,
                    "invoice_date": "2026-11-02",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Power", "price_unit": 100.0, "tax_ids": False}
                        )
                    ],
                    **values,
                }
                for _nth in range(count)
            ]
        )
        if post:
            moves.action_post()
        return moves

    @classmethod
    def _other_company(cls):
        """Return a second company, unknown to the users of the first."""
        return cls.env["res.company"].create(
            {"name": "Elsewhere", "country_id": cls.env.ref("base.se").id}
        )


class LinkCase(BillingBaseCase):
    """A customer with two invoices, and links to them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.links = cls.env["billing.link"]
        cls.visits = cls.env["billing.link.visit"]
        cls.kari = cls._new_partner(email="kari@kunde.example", lang="en_US")
        cls.invoice, cls.other = cls._new_invoices(2, partner=cls.kari)
        cls.company.email = "faktura@fjordlys.example"

    def issue(self, move=None, key="attempt-1", **values):
        return self.links._issue(
            [{"move_id": (move or self.invoice).id, "key": key, **values}]
        )

    def visit(self, link, verdict, move=None):
        return self.visits._record(move or link.move_id, link, verdict)

    def kinds(self, move=None):
        return self.events.search(
            [
                ("move_id", "=", (move or self.invoice).id),
                ("kind", "=like", "link.%"),
            ],
            order="id",
        ).mapped("kind")
