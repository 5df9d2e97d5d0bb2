from odoo import models

from ..core import claim_life


class BillingDebitClaim(models.Model):
    """Claims as answers find them, and whose payment turned out to be another's."""

    _inherit = "billing.debit.claim"

    # Bankgirot fills references up with zeros.
    _reference_key_idx = models.Index("(company_id, ltrim(reference, '0'))")

    # === BUSINESS METHODS === #

    def _unsettle(self):
        """Let claims wait for their money again, because what was taken for it is
        another's.

        An invoice that has a newer claim under way keeps this one as it is.

        :return: those that wait again
        """
        newer_sudo = self.sudo().search(
            [
                ("move_id", "in", self.sudo().move_id.ids),
                ("state", "in", claim_life.OPEN),
            ]
        )
        claims_sudo = self.sudo().filtered(
            lambda claim: (
                claim.state == claim_life.PAID
                and claim.move_id not in newer_sudo.move_id
            )
        )
        claims_sudo.lock_for_update(allow_referencing=True)
        for claim in claims_sudo:
            self.env["billing.event"]._log(
                [
                    {
                        "kind": "debit.answer_undone",
                        "move_id": claim.move_id.id,
                        "company_id": claim.company_id.id,
                        "actor": "staff",
                        "amount": claim.amount,
                        "currency_id": claim.currency_id.id,
                        "payload": {
                            "claim_id": claim.id,
                            "payment_id": claim.payment_id.id,
                        },
                    }
                ]
            )
        claims_sudo.write(
            {
                "state": claim_life.DELIVERED,
                "payment_id": False,
                "result_code": False,
                "reason_code": False,
                "result_date": False,
            }
        )
        return claims_sudo.sudo(self.env.su)

    def _tell_refunded(self):
        """Tell customers that an invoice is open again, because their bank gave them
        back what was drawn for it."""
        template = self.env.ref("billing_direct_debit.mail_template_debit_refunded")
        for claim in self.sudo():
            claim.partner_id.with_company(claim.company_id)._billing_tell(
                template, claim, claim.move_id
            )

    def _page_url(self):
        """A personal link to the page of the invoice."""
        self.ensure_one()
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.sudo().move_id.id,
                        "key": f"{self._name}:{self.id}:{self.state}",
                    }
                ]
            )
        )
        return link_sudo._url()
