import secrets
from collections import namedtuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_base.core import token as core_token

from ..core import one_time_code

#: A code proves who somebody is, or that an address is theirs.
IDENTITY = "identity"
ADDRESS = "address"
#: In the context, the code that is being sent: it is stored nowhere.
CODE_KEY = "billing_page_code"

Tried = namedtuple("Tried", "verdict code_sudo left")


class BillingPageCode(models.Model):
    """A one-time code that was sent to a customer from the page of an invoice.

    Stored is a keyed digest of it. It works in what asked for it alone
    (:attr:`binding`), and only the newest one does.
    """

    _name = "billing.page.code"
    _description = "One-Time Code"
    _order = "id desc"
    _rec_name = "purpose"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    # Not related: every write on an invoice would look for its codes.
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    purpose = fields.Selection(
        [(IDENTITY, "Who It Is"), (ADDRESS, "New Address")],
        required=True,
        readonly=True,
    )
    binding = fields.Char(
        required=True,
        readonly=True,
        help="Digest of the browser session or the visitor that asked for the code.",
    )
    channel = fields.Char(required=True, readonly=True)
    point_id = fields.Many2one(
        "billing.contact.point",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Where the code went; for a new address, the one that it replaces.",
    )
    address = fields.Char(
        readonly=True, help="The new address that the code went to, until it is used."
    )
    salt = fields.Char(required=True, readonly=True, groups="base.group_system")
    digest = fields.Char(required=True, readonly=True, groups="base.group_system")
    expires_at = fields.Datetime(required=True, readonly=True)
    tries = fields.Integer(readonly=True)
    used_at = fields.Datetime(readonly=True)

    _binding_idx = models.Index("(binding, move_id, purpose)")

    # === BUSINESS METHODS === #

    @api.model
    def _bind(self, what):
        """Return what a code is bound to, as it is stored.

        :param str what: of the browser session, or of the visitor
        :rtype: str
        """
        return core_token.derive(self._get_secret(), self._name, what)

    @api.model
    def _send(self, move, purpose, binding, channel, point, address=None):
        """Send a new code; those sent before for the same do not work any more.

        :param move: the invoice, in the language of the page
        :param str purpose: ``identity`` or ``address``
        :param str binding: from :meth:`_bind`
        :param str channel: code of the channel
        :param point: the contact point it goes to, or that ``address`` replaces
        :param str address: a new one that it goes to, normalised
        :return: the code in superuser mode, or none when nothing could be sent
        :rtype: billing.page.code
        """
        self._find(move, purpose, binding).unlink()
        code = one_time_code.make(secrets.randbelow(one_time_code.CODES))
        salt = secrets.token_urlsafe(12)
        code_sudo = self.sudo().create(
            {
                "move_id": move.id,
                "company_id": move.company_id.id,
                "purpose": purpose,
                "binding": binding,
                "channel": channel,
                "point_id": point.id,
                "address": address,
                "salt": salt,
                "digest": one_time_code.digest(self._get_secret(), salt, code),
                "expires_at": fields.Datetime.now() + one_time_code.LIFETIME,
            }
        )
        if address:
            point = self.env["billing.contact.point"].new(
                {
                    "partner_id": move.partner_id.id,
                    "channel": channel,
                    "address": address,
                }
            )
        sent = code_sudo._carry(
            point,
            self.env.ref("billing_interactive_invoice.mail_template_code"),
            **{CODE_KEY: one_time_code.shown(code)},
        )
        if not sent:
            code_sudo.unlink()
            return code_sudo.browse()
        return code_sudo

    def _carry(self, point, template, **context):
        """Send a message that must not wait, and that nobody but the customer reads.

        Its thread is this record, not the invoice: who has a link to the invoice reads
        the conversation there.

        :param point: the contact point it goes to
        :param template: ``mail.template`` for this model
        :param context: for the template
        :return: whether it is on its way
        :rtype: bool
        """
        self.ensure_one()
        company = self.company_id
        # Somebody waits for it, whatever the hour.
        partner_sudo = self.move_id.partner_id.with_company(company).with_context(
            billing_at_once=True
        )
        send = partner_sudo._billing_senders().get(point.channel)
        template_sudo = template.sudo().with_company(company)
        if not send or not send(
            point, template_sudo.with_context(**context), self, self
        ):
            return False
        mails_sudo = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("state", "=", "outgoing"),
                ]
            )
        )
        # No conversation takes an answer to it.
        mails_sudo.reply_to = company.email_formatted
        mails_sudo.send_after_commit()
        return True

    @api.model
    def _find(self, move, purpose, binding):
        """Return the codes that were sent for the same, the newest first.

        :return: in superuser mode
        :rtype: billing.page.code
        """
        return self.sudo().search(
            [
                ("binding", "=", binding),
                ("move_id", "=", move.id),
                ("purpose", "=", purpose),
            ]
        )

    @api.model
    def _find_waiting(self, move, purpose, binding):
        """Return the code that can still be given, or none.

        :return: in superuser mode
        :rtype: billing.page.code
        """
        code_sudo = self._find(move, purpose, binding)[:1]
        if (
            code_sudo
            and not code_sudo.used_at
            and code_sudo.expires_at > fields.Datetime.now()
            and one_time_code.tries_left(code_sudo.tries)
        ):
            return code_sudo
        return code_sudo.browse()

    @api.model
    def _try(self, move, purpose, binding, typed):
        """Judge a code that somebody typed.

        The try is counted, and the code used up, in a transaction of its own that locks
        the code: however many come at once, and whatever becomes of their requests,
        five are judged.

        :param str typed: as it was typed
        :return: ``verdict`` of ``core.one_time_code``, ``code_sudo`` that was tried or
            none, and how many tries are ``left``
        :rtype: Tried
        """
        none_sudo = self.sudo().browse()
        code = one_time_code.clean(typed)
        if not code:
            # Not worth a try: it cannot be one.
            return Tried(one_time_code.WRONG, none_sudo, None)
        now = fields.Datetime.now()
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """SELECT id, salt, digest, expires_at, tries, used_at
                         FROM billing_page_code
                        WHERE binding = %s AND move_id = %s AND purpose = %s
                     ORDER BY id DESC
                        LIMIT 1
                          FOR UPDATE""",
                    binding,
                    move.id,
                    purpose,
                ),
                # Two tries at once: the request that lost is made again by itself.
                log_exceptions=False,
            )
            row = cr.fetchone()
            if not row:
                return Tried(one_time_code.EXPIRED, none_sudo, 0)
            code_id, salt, digest, expires_at, tries, used_at = row
            verdict = one_time_code.judge(
                one_time_code.Challenge(digest, expires_at, tries or 0, used_at),
                one_time_code.digest(self._get_secret(), salt, code),
                now,
            )
            right = verdict == one_time_code.RIGHT
            if right or verdict == one_time_code.WRONG:
                tries = (tries or 0) + (not right)
                cr.execute(
                    SQL(
                        """UPDATE billing_page_code
                              SET tries = %s, used_at = %s
                            WHERE id = %s""",
                        tries,
                        used_at or (now if right else None),
                        code_id,
                    )
                )
        # This request must not write on it: its own transaction began before that one.
        code_sudo = none_sudo.browse(code_id)
        code_sudo.invalidate_recordset(["tries", "used_at"])
        return Tried(verdict, code_sudo, one_time_code.tries_left(tries or 0))

    @api.model
    def _sentence(self, tried):
        """Return what somebody is told whose code let them in nowhere.

        :param Tried tried: from :meth:`_try`
        :rtype: str
        """
        if tried.verdict == one_time_code.WRONG:
            if tried.left is None:
                return self.env._("The code has six digits. Please type all of them.")
            if tried.left:
                return self.env._(
                    "That is not the code we sent last. Please look again; you can try "
                    "%(count)s more times.",
                    count=tried.left,
                )
        if tried.verdict in (one_time_code.WRONG, one_time_code.SPENT):
            return self.env._("That was one try too many. Please have a new code sent.")
        return self.env._(
            "This code does not work any more: a code works once, for ten minutes. "
            "Please have a new one sent."
        )

    # === HELPERS === #

    @api.model
    def _get_secret(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    @api.autovacuum
    def _gc_codes(self):
        self.sudo().search([("expires_at", "<", fields.Datetime.now())]).unlink()
