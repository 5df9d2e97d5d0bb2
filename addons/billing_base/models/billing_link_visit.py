from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import consteq

from ..core import token as core_token
from ..core import visitor

#: Rows the retention job deletes between two commits.
RETENTION_BATCH = 5000
#: For how long a page that was left open may still report of its visit.
REPORTS_FOR = timedelta(days=1)


class BillingLinkVisit(models.Model):
    """One visit to the page of an invoice: when, by whom or what, on what device.

    Nothing else is kept of the visitor: no address, no name of the browser, nothing
    that would know them again. Visits are deleted after
    ``res.company.billing_visit_days``; what remains are the counts on the link.
    """

    _name = "billing.link.visit"
    _description = "Visit to an Invoice's Page"
    _order = "visited_at desc, id desc"

    link_id = fields.Many2one(
        "billing.link",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Empty when the customer was signed in and came by no link.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    visited_at = fields.Datetime(string="When", required=True, readonly=True)
    verdict = fields.Selection(
        [
            (visitor.PERSON, "Person"),
            (visitor.MACHINE, "Machine"),
            (visitor.STAFF, "Staff"),
            (visitor.UNKNOWN, "Not Clear"),
        ],
        string="By",
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        selection="_selection_reason", string="Why We Think So", readonly=True
    )
    device = fields.Selection(
        [
            (visitor.PHONE, "Phone"),
            (visitor.TABLET, "Tablet"),
            (visitor.COMPUTER, "Computer"),
            (visitor.OTHER, "Other"),
        ],
        readonly=True,
    )

    _retention_idx = models.Index("(company_id, visited_at)")

    # === SELECTION METHODS === #

    def _selection_reason(self):
        words = {
            "head": self.env._("Asked only whether the page is there"),
            "prefetch": self.env._("Fetched beforehand by a browser"),
            "scanner": self.env._("Mail scanner"),
            "preview": self.env._("Preview in a messenger"),
            "search": self.env._("Search engine or monitor"),
            "script": self.env._("Program, no browser"),
            "no_agent": self.env._("Does not say what it is"),
            "automated": self.env._("Browser driven by a program"),
            "no_browser": self.env._("Only says that it is a browser"),
            "signed_in": self.env._("Signed in"),
            "staff": self.env._("Signed in as an employee"),
            "looked": self.env._("Looked at the page"),
            "touched": self.env._("Used the page"),
            "without_script": self.env._("Saw the page without scripts"),
            "acted": self.env._("Followed a link or sent a form on the page"),
            "unclear": self.env._("Opened, and nothing more"),
        }
        return list(words.items())

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, move, link, verdict):
        """Note a visit to the page of an invoice.

        :param move: the invoice
        :param link: the personal link it came by, or none
        :param core.visitor.Verdict verdict: what is thought of it
        :return: the visit, in superuser mode
        :rtype: billing.link.visit
        """
        visit_sudo = self.sudo().create(
            {
                "link_id": link.id,
                "move_id": move.id,
                "company_id": move.sudo().company_id.id,
                "visited_at": fields.Datetime.now(),
                "verdict": verdict.who,
                "reason": verdict.reason,
                "device": verdict.device,
            }
        )
        visit_sudo._tell()
        return visit_sudo

    def _get_token(self):
        """Return what the page signs its reports of this visit with.

        :rtype: str
        """
        self.ensure_one()
        return f"{self.id}-{self._sign(self.id)}"

    @api.model
    def _find(self, token):
        """Return the visit that ``token`` is of, while its page may still be open.

        :param str token: from :meth:`_get_token`
        :return: in superuser mode; none when the token is wrong or old
        :rtype: billing.link.visit
        """
        visit_id, _dash, signature = token.partition("-")
        visits_sudo = self.sudo()
        if not (visit_id.isdecimal() and visit_id.isascii() and len(visit_id) < 10):
            return visits_sudo
        if not core_token.looks_like(signature) or not consteq(
            self._sign(int(visit_id)), signature
        ):
            return visits_sudo
        since = fields.Datetime.now() - REPORTS_FOR
        return visits_sudo.search(
            [("id", "=", int(visit_id)), ("visited_at", ">=", since)]
        )

    @api.model
    def _acted(self, link, method, headers):
        """Note that somebody used something on the page that a link opened.

        :param link: the ``billing.link``
        :param str method: of the request that says so
        :param headers: of that request
        :return: None
        """
        visit_sudo = self.sudo().search(
            [
                ("link_id", "=", link.id),
                ("visited_at", ">=", fields.Datetime.now() - REPORTS_FOR),
            ],
            limit=1,
        )
        if visit_sudo:
            visit_sudo._set_verdict(
                visitor.confirm_action(visit_sudo._get_verdict(), method, headers)
            )

    @api.model
    def _sign(self, visit_id):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return core_token.derive(secret, self._name, str(visit_id))

    def _get_verdict(self):
        """Return what is thought of the visit.

        :rtype: core.visitor.Verdict
        """
        self.ensure_one()
        return visitor.Verdict(self.verdict, self.reason, self.device)

    def _set_verdict(self, verdict):
        """Note that something more is known of the visit.

        :param core.visitor.Verdict verdict: what is thought of it now
        :return: whether that changed anything
        :rtype: bool
        """
        self.ensure_one()
        before = self._get_verdict()
        if verdict == before:
            return False
        self_sudo = self.sudo()
        self_sudo.write({"verdict": verdict.who, "reason": verdict.reason})
        if verdict.who != before.who:
            if before.who == visitor.MACHINE and self_sudo.link_id:
                self_sudo.link_id.machine_count -= 1
            self._tell()
        return True

    def _tell(self):
        """Tell the links of the visits who came."""
        visits_sudo = self.sudo()
        persons_sudo = visits_sudo.filtered(lambda v: v.verdict == visitor.PERSON)
        machines_sudo = visits_sudo.filtered(lambda v: v.verdict == visitor.MACHINE)
        if machines_sudo:
            machines_sudo.link_id._opened_by_machine(machines_sudo)
        by_link_sudo = persons_sudo.filtered("link_id")
        if by_link_sudo:
            by_link_sudo.link_id._opened_by_person(by_link_sudo)
        signed_in_sudo = persons_sudo - by_link_sudo
        if signed_in_sudo:
            signed_in_sudo.move_id._billing_page_seen(signed_in_sudo)

    # === BUSINESS METHODS - RETENTION === #

    @api.model
    def _cron_retention(self):
        """Delete visits older than their company keeps them.

        :return: None
        """
        cron = self.env["ir.cron"]
        for company in self.env["res.company"].sudo().search([]):
            limit_date = fields.Datetime.now() - timedelta(
                days=company.billing_visit_days
            )
            domain = [
                ("company_id", "=", company.id),
                ("visited_at", "<", limit_date),
            ]
            remaining = self.sudo().search_count(domain)
            while remaining:
                batch_sudo = self.sudo().search(
                    domain, order="visited_at, id", limit=RETENTION_BATCH
                )
                deleted = len(batch_sudo)
                batch_sudo.unlink()
                remaining = max(remaining - deleted, 0)
                if not cron._commit_progress(deleted, remaining=remaining):
                    return
