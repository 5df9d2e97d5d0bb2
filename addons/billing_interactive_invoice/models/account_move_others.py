from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from ..core import visitor_rights
from ..core.page import Page
from ..core.section import Section

#: Invoices that are listed; who has more pays them otherwise.
LISTED_AT_MOST = 50


class AccountMove(models.Model):
    """All else that the customer has to pay, for who is certain to be the customer."""

    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: the customer's other open invoices, or the way to see them."""
        sections = super()._billing_page_sections(visitor)
        values = self._billing_others_values(visitor)
        if values:
            sections.append(
                Section(
                    "other_invoices",
                    "billing_interactive_invoice.page_other_invoices",
                    values,
                    sequence=90,
                )
            )
        return sections

    def _billing_open_domain(self):
        """Return a domain of all that the customer has to pay in the company."""
        self.ensure_one()
        return Domain(
            [
                # Along the index of the field; the commercial entity has none.
                ("partner_id", "child_of", self.commercial_partner_id.id),
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", ("out_invoice", "out_receipt")),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial", "in_payment")),
                ("amount_residual", ">", 0),
            ]
        )

    def _billing_open_invoices(self):
        """Return what the customer has to pay in the company, first due first.

        :rtype: account.move
        """
        return self.search(
            self._billing_open_domain(),
            order="invoice_date_due, id",
            limit=LISTED_AT_MOST,
        )

    def _billing_payable_together(self, everything=None):
        """Return what the customer can pay online in one go.

        All of it is in the currency of the invoice, and nothing of it is being paid.

        :param everything: what the customer has to pay, when known
        :rtype: account.move
        """
        self.ensure_one()
        if everything is None:
            everything = self._billing_open_invoices()
        return everything._billing_payable().filtered(
            lambda move: move.currency_id == self.currency_id and move._has_to_be_paid()
        )

    def _billing_others_values(self, visitor):
        """Return what the section about other invoices is drawn from, or nothing."""
        if visitor.can_step_up(visitor_rights.OTHER_INVOICES):
            # The same whether there are any, which is nobody's business.
            return {"hidden": True}
        everything = self._billing_open_invoices()
        if visitor.kind == visitor_rights.STAFF:
            user = self.env["res.users"].browse(visitor.user_id)
            readable = everything.with_user(user).sudo(False)._filtered_access("read")
            everything = everything.browse(readable.ids)
        others = everything - self
        if not others:
            return {}
        today = self.company_id._billing_today()
        together = (
            self._billing_payable_together(everything)
            if visitor.may(visitor_rights.OTHER_INVOICES)
            else self.browse()
        )
        sums = [
            currency.format(sum(moves.mapped("amount_residual")))
            for currency, moves in everything.grouped("currency_id").items()
        ]
        return {
            "hidden": False,
            "others": [
                {
                    "id": move.id,
                    "name": move.name,
                    "due": move.invoice_date_due
                    and self._billing_day(move.invoice_date_due, weekday=False),
                    "is_late": move.invoice_date_due and move.invoice_date_due < today,
                    "amount": move.currency_id.format(move.amount_residual),
                }
                for move in others
            ],
            "sums": sums,
            "count": len(everything),
            "has_this": self in everything,
            # All or nothing: «all at once» must not leave one out.
            "together": together == everything
            and self in together
            and self._billing_pays_online(),
        }

    def _billing_other_url(self, other_id, visitor, page):
        """Return where the page of another invoice of the customer is.

        :param int other_id: id of the other invoice
        :param core.visitor_rights.Visitor visitor: who looks
        :param core.page.Page page: addresses of this page
        :rtype: str
        """
        if visitor.kind == visitor_rights.LINK:
            # Their link opens this one only: the other gets one of its own when asked.
            return page.url(f"other/{other_id}")
        return Page(other_id, prefix=page.prefix, lang=page.lang).url()

    def _billing_issue_other_link(self, visitor):
        """Return a personal link to the invoice, for who came by a link to another one.

        :param core.visitor_rights.Visitor visitor: proved to be the customer
        :return: the same on one day
        :rtype: billing.link
        """
        self.ensure_one()
        now = fields.Datetime.now()
        return (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.id,
                        "key": f"page:{visitor.key}:{now.date().isoformat()}",
                        "expires_at": now + timedelta(days=1),
                    }
                ]
            )
        )
