import logging

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class SmsSms(models.Model):
    """Odoo's own SMS, each sent by the provider of its company.

    Core picks one provider for a whole batch and stops with an error as soon as the
    queue holds messages of two companies.
    """

    _inherit = "sms.sms"

    billing_not_before = fields.Datetime(
        string="Not Before", readonly=True, help="It waits until quiet hours are over."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sms`: the queue is looked at again when what waits may go."""
        messages = super().create(vals_list)
        moments = set(messages.mapped("billing_not_before")) - {False}
        if moments:
            self.env.ref("sms.ir_cron_sms_scheduler_action")._trigger(at=moments)
        return messages

    @api.model
    def _process_queue(self):
        """Override of `sms`: company by company, each committed on its own.

        A company whose provider cannot be used keeps its messages in the queue, stops
        nobody else, and its billing managers are told.
        """
        cron = self.env["ir.cron"]
        domain = [
            ("state", "=", "outgoing"),
            ("to_delete", "!=", True),
            "|",
            ("billing_not_before", "=", False),
            ("billing_not_before", "<=", fields.Datetime.now()),
        ]
        batch_size = self._get_send_batch_size()
        # By id, so that what stays in the queue is not met again in this run.
        last_id = 0
        while found := self.search(
            [*domain, ("id", ">", last_id)], limit=batch_size, order="id"
        ):
            last_id = found[-1].id
            by_company = found.grouped(lambda sms: sms._get_sms_company())
            for company, ids in [(c, found.ids) for c, found in by_company.items()]:
                count = self.browse(ids)._process_company_queue(company, domain)
                if not cron._commit_progress(count):
                    later = [*domain, ("id", ">", last_id)]
                    cron._commit_progress(remaining=self.search_count(later))
                    return
        cron._commit_progress(remaining=0)

    def _process_company_queue(self, company, domain):
        """Send the queued messages of one company; return how many were handled."""
        # A lock does not outlive the commit after the company before.
        messages = self.try_lock_for_update().filtered_domain(domain)
        if not messages:
            return 0
        try:
            messages._send(unlink_failed=False, unlink_sent=True, raise_exception=False)
        except Exception as error:
            self.env.cr.rollback()
            _logger.warning("SMS of %s cannot be sent", company.name, exc_info=True)
            company._billing_alert(self.env._("SMS queue"), error)
            return 0
        return len(messages)

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Override of `sms`: one call for each company."""
        if self.env.context.get("sms_api"):
            return super()._send(unlink_failed, unlink_sent, raise_exception)
        for company, messages in self.grouped(
            lambda sms: sms._get_sms_company()
        ).items():
            api_of_company = company._get_sms_api_class()(self.env)
            api_of_company._set_company(company)
            super(SmsSms, messages.with_context(sms_api=api_of_company))._send(
                unlink_failed, unlink_sent, raise_exception
            )
        return None

    def _split_by_api(self):
        """Override of `sms`: the messages of companies with a gateway go through it."""
        others = self.browse()
        for company, messages in self.grouped(
            lambda sms: sms._get_sms_company()
        ).items():
            if company.billing_sms_provider != "http":
                others |= messages
                continue
            gateway = company._get_sms_api_class()(self.env)
            gateway._set_company(company)
            yield gateway, messages
        if others:
            yield from super(SmsSms, others)._split_by_api()
