from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import page_limit


class BillingPageLimit(models.Model):
    """Something that was done lately on the page of an invoice, to limit how often.

    In the database, so that it holds over all workers and machines. Of a network only a
    keyed hash with the day is kept, as with wrong tokens (``billing.link.guess``).
    """

    _name = "billing.page.limit"
    _description = "Use of an Invoice's Page"
    _log_access = False

    scope = fields.Char(required=True)
    who = fields.Char(required=True)
    used_at = fields.Datetime(required=True)

    _who_idx = models.Index("(who, scope, used_at)")

    @api.model
    def _take(self, scope, address=None, subject=None):
        """Return whether something may be done once more, and note that it is.

        In a transaction of its own: an error that the request ends in takes nothing
        back. What is refused is not noted, so that who goes on trying is heard again
        when the time is over. Those who come in the same moment may get through
        together; what must not be exceeded by one needs a lock of its own.

        :param str scope: of ``core.page_limit.LIMITS``
        :param str address: IP address, None = no network is counted
        :param str subject: who does it, such as ``link:12``, None = nobody is counted
        :rtype: bool
        """
        now = fields.Datetime.now()
        whose = {}
        if address:
            guesses = self.env["billing.link.guess"]
            whose[page_limit.NETWORK] = f"network:{guesses._get_visitor(address, now)}"
        if subject:
            whose[page_limit.SUBJECT] = subject
        limits = [limit for limit in page_limit.LIMITS[scope] if limit.who in whose]
        if not limits:
            return True
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT %s",
                    SQL(", ").join(
                        SQL(
                            """(SELECT count(*)
                                  FROM (SELECT 1 FROM billing_page_limit
                                         WHERE who = %s AND scope = %s AND used_at > %s
                                         LIMIT %s) AS used)""",
                            whose[limit.who],
                            scope,
                            now - timedelta(minutes=limit.minutes),
                            limit.count,
                        )
                        for limit in limits
                    ),
                )
            )
            if page_limit.exceeded(limits, cr.fetchone()):
                return False
            cr.execute(
                SQL(
                    """INSERT INTO billing_page_limit (who, scope, used_at)
                       SELECT unnest(%s::varchar[]), %s, %s""",
                    sorted({whose[limit.who] for limit in limits}),
                    scope,
                    now,
                )
            )
        return True

    @api.autovacuum
    def _gc_uses(self):
        self.env.execute_query(
            SQL(
                "DELETE FROM billing_page_limit WHERE used_at <= %s RETURNING id",
                fields.Datetime.now() - timedelta(minutes=page_limit.longest()),
            )
        )
