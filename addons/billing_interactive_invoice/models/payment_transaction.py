from datetime import timedelta

from odoo import fields, models

#: For how long the customer's browser is left alone to book a payment that was done.
CLIENT_FIRST = timedelta(minutes=2)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _set_done(self, **kwargs):
        """Override of `payment`: what is paid is booked soon, whoever is there to see.

        Core books it when the customer's browser asks, else by a job every ten minutes.
        After a payment that had to be checked nobody asks any more.
        """
        waited = any(tx.state in ("pending", "authorized") for tx in self)
        done = super()._set_done(**kwargs)
        if done and done.invoice_ids:
            job_sudo = self.env.ref("payment.cron_post_process_payment_tx").sudo()
            now = fields.Datetime.now()
            job_sudo._trigger(at=now if waited else now + CLIENT_FIRST)
        return done
