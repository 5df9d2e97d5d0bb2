from odoo import api, models

from .billing_channel import CHANNELS, GROUPS

#: Batches in a row that others may take away before a job leaves the rest to them.
CONFLICTS = 20


class BillingDistributionSender(models.AbstractModel):
    """Takes what is due, decides, hands it over, and writes down what came of it.

    In three transactions, so that a worker may die at any point:

    1. runs that are due are locked and checked, their messages are written down as
       planned (:meth:`_plan_batch`);
    2. planned messages are locked, checked once more and rendered, and marked as being
       handed over; that is committed before the first call (:meth:`_call_batch`);
    3. what the channel answered is written down (:meth:`_settle`).

    Who died between 1 and 2 left planned messages: the next worker takes them. Who
    died after 2 left messages that may be out: the provider is asked by their keys,
    and what it cannot tell is never sent again by itself (:meth:`_settle_lost`).
    """

    _name = "billing.distribution.sender"
    _description = "Sending of Messages"

    # === JOBS === #

    @api.model
    def _cron_send(self, group):
        """Send what is due on a group of channels.

        :param str group: one of ``billing_channel.GROUPS``
        """
        commit = self.env["ir.cron"]._commit_progress
        self._settle_lost(group)
        self._resolve_virtual_runs()
        commit(0, remaining=1)
        for code in self._codes_of(group):
            conflicts = 0
            while conflicts < CONFLICTS:
                planned = self._plan_batch(code)
                conflicts = conflicts + 1 if planned is None else 0
                if not commit(planned or 0, remaining=1):
                    return
                called = self._call_all(code)
                if called is None:
                    return
                if planned == 0 and not called:
                    break
        commit(0, remaining=0)

    @api.model
    def _cron_settle(self):
        """Ask the providers about messages that nobody settled."""
        for group in GROUPS:
            self._settle_lost(group)
            self._ask_uncertain(group)
        self.env["billing.distribution.trouble"]._end_overdue()

    @api.model
    def _codes_of(self, group):
        """Return the channels a job works on: also those that are not installed.

        What waits for a channel that does not exist has to be left out by somebody.
        """
        channels = self.env["billing.channel"]
        codes = channels._get_group_codes(group)
        if group == "other":
            known = channels._registry()
            codes += [code for code, _label in CHANNELS if code not in known]
        return codes

    @api.model
    def _trigger(self, codes):
        """Wake the jobs of channels soon.

        :param codes: set of codes, virtual ones too
        :return: None
        """
        channels = self.env["billing.channel"]
        group_by_code = {
            code: self.env[name]._group for code, name in channels._registry().items()
        }
        for group in {group_by_code.get(code, "other") for code in codes if code}:
            cron_sudo = self.env.ref(
                f"billing_dynamic_distribution.ir_cron_send_{group}"
            ).sudo()
            cron_sudo._trigger()

    @api.model
    def _trigger_all(self):
        """Wake the jobs of all channels."""
        for group in GROUPS:
            self.env.ref(
                f"billing_dynamic_distribution.ir_cron_send_{group}"
            ).sudo()._trigger()
