from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, consteq

from odoo.addons.billing_base.core import token as core_token

#: For how long the page tells what became of a form, to who comes back to it.
TOLD_FOR = timedelta(minutes=10)
#: For how long a form that is sent again counts as the same one.
KEPT_FOR = timedelta(days=30)


class BillingPageSubmission(models.Model):
    """One form that was sent from the page of an invoice.

    Each form carries a value that is used once. Whatever makes it arrive twice — a
    double click, a reload, a telephone that lost the line — finds its row here and is
    answered as before, without doing anything again.
    """

    _name = "billing.page.submission"
    _description = "Form Sent from an Invoice's Page"
    _rec_name = "section"
    _order = "id desc"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    nonce = fields.Char(required=True, readonly=True)
    section = fields.Char(required=True, readonly=True)
    said = fields.Char(string="Answer", readonly=True)

    _nonce_unique = models.Constraint(
        "UNIQUE(move_id, nonce)", "This form has been sent already."
    )

    @api.model
    def _begin(self, move, nonce, section):
        """Note that a form arrived.

        :param move: the invoice
        :param str nonce: of the form
        :param str section: code of the section it stands in
        :return: the submission in superuser mode, and whether it arrived for the first
            time
        :rtype: tuple[billing.page.submission, bool]
        """
        # Of two that come at the same moment the second finds out by an error, is tried
        # again by Odoo and then finds the first: nothing the log has to know of.
        self.env.cr.execute(
            SQL(
                """INSERT INTO billing_page_submission
                        (move_id, nonce, section,
                         create_uid, create_date, write_uid, write_date)
                   VALUES (%(move)s, %(nonce)s, %(section)s,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (move_id, nonce) DO NOTHING
                RETURNING id""",
                move=move.id,
                nonce=nonce,
                section=section,
                uid=self.env.uid,
                now=self.env.cr.now(),
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        if row:
            return self.sudo().browse(row[0]), True
        found_sudo = self.sudo().search(
            [("move_id", "=", move.id), ("nonce", "=", nonce)], limit=1
        )
        return found_sudo, False

    def _code(self):
        """Return what the address of the page says to have the answer told.

        :rtype: str
        """
        self.ensure_one()
        return f"{self.id}-{self._sign(self.id)}"

    @api.model
    def _find(self, move, code):
        """Return the submission to ``move`` that ``code`` is of, while it is told.

        :param move: the invoice whose page is shown
        :param str code: from :meth:`_code`
        :return: in superuser mode; none when the code is wrong or old
        :rtype: billing.page.submission
        """
        submission_id, _dash, signature = (code or "").partition("-")
        none_sudo = self.sudo().browse()
        if not (submission_id.isascii() and submission_id.isdecimal()):
            return none_sudo
        if len(submission_id) > 9 or not core_token.looks_like(signature):
            return none_sudo
        if not consteq(self._sign(int(submission_id)), signature):
            return none_sudo
        return self.sudo().search(
            [
                ("id", "=", int(submission_id)),
                ("move_id", "=", move.id),
                ("create_date", ">=", fields.Datetime.now() - TOLD_FOR),
            ]
        )

    @api.model
    def _sign(self, submission_id):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return core_token.derive(secret, self._name, str(submission_id))

    @api.autovacuum
    def _gc_submissions(self):
        self.env.execute_query(
            SQL(
                """DELETE FROM billing_page_submission
                    WHERE create_date < %s RETURNING id""",
                fields.Datetime.now() - KEPT_FOR,
            )
        )
