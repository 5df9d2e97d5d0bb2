from odoo import models

from .screen import tell


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _billing_reachable(self, company):
        """Return where the customers can be reached, by each channel of a company.

        Queries: a few for each channel, however many customers there are.

        :param company: the ``res.company`` that sends
        :return: by channel and partner id the best contact point (as superuser), empty
            where there is none that may be used
        :rtype: dict[str, dict[int, billing.contact.point]]
        """
        channels = self.env["billing.channel"]
        found = {}
        for code, name in channels._registry().items():
            channel = self.env[name].with_company(company)
            if channel._needs_address and channel._is_available(company):
                found[code] = {
                    partner_id: points[:1]
                    for partner_id, (points, _problem) in channel._find_contact_points(
                        self
                    ).items()
                }
        return found

    def _billing_request_address(self):
        """Have somebody ask the customers for another address.

        Leaves a task on each customer, unless there is one.

        :return: what to tell, as an action
        :rtype: dict
        """
        task_type_sudo = self._billing_address_task_type()
        asked_ids = set(self._billing_address_tasks().mapped("res_id"))
        todo_sudo = self.sudo().filtered(lambda p: p.id not in asked_ids)
        if task_type_sudo:
            model_id = self.env["ir.model"]._get_id(self._name)
            today = self.env.company._billing_today()
            self.env["mail.activity"].sudo().with_context(
                mail_activity_quick_update=True
            ).create(
                [
                    {
                        "activity_type_id": task_type_sudo.id,
                        "summary": task_type_sudo.summary,
                        "res_model_id": model_id,
                        "res_id": partner_sudo.id,
                        "date_deadline": today,
                        "user_id": task_type_sudo.default_user_id.id
                        or partner_sudo.user_id.id
                        or self.env.uid,
                    }
                    for partner_sudo in todo_sudo
                ]
            )
            self.env["billing.event"]._log(
                [
                    {
                        "kind": "contact.needed",
                        "partner_id": partner_sudo.commercial_partner_id.id,
                        "company_id": self.env.company.id,
                        "actor": "staff",
                        "payload": {"partner_id": partner_sudo.id},
                    }
                    for partner_sudo in todo_sudo
                ]
            )
        if not todo_sudo:
            return tell("info", self.env._("There is a task for it already."))
        return tell(
            "success",
            self.env._(
                "%(count)s customers are to be asked. The tasks are on the customers; "
                "they close when there is another address.",
                count=len(todo_sudo),
            ),
        )
