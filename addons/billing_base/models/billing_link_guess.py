import ipaddress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import token as core_token

#: Wrong tokens that one address may send within :data:`WINDOW_MINUTES`. A customer who
#: copies a link wrongly needs a few; sixteen random bytes need more than there are.
GUESSES = 20
WINDOW_MINUTES = 10


class BillingLinkGuess(models.Model):
    """A wrong token that came from somewhere lately, to slow down guessing.

    Kept in the database, so that it holds over all workers and machines. The address
    itself is not kept: only a keyed hash of it with the day, which says nothing the day
    after, and the rows are gone by then.
    """

    _name = "billing.link.guess"
    _description = "Wrong Token"
    _log_access = False

    visitor = fields.Char(required=True)
    guessed_at = fields.Datetime(required=True)

    _visitor_idx = models.Index("(visitor, guessed_at)")

    @api.model
    def _is_throttled(self, address):
        """Return whether ``address`` has sent too many wrong tokens to be heard.

        :param str address: IP address
        :rtype: bool
        """
        now = fields.Datetime.now()
        # Straight from the table: it is written past the cache, in _note.
        rows = self.env.execute_query(
            SQL(
                """SELECT 1 FROM billing_link_guess
                    WHERE visitor = %s AND guessed_at > %s LIMIT %s""",
                self._get_visitor(address, now),
                now - timedelta(minutes=WINDOW_MINUTES),
                GUESSES,
            )
        )
        return len(rows) >= GUESSES

    @api.model
    def _note(self, address):
        """Note that a wrong token came from ``address``.

        In a transaction of its own: what happens to the request afterwards, such as the
        error that a wrong token ends in, does not take it back. A row for each, so that
        those who come at the same moment do not wait for each other.

        :param str address: IP address
        :return: None
        """
        now = fields.Datetime.now()
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """INSERT INTO billing_link_guess (visitor, guessed_at)
                       VALUES (%s, %s)""",
                    self._get_visitor(address, now),
                    now,
                )
            )

    @api.model
    def _window_minutes(self):
        """Return after how many minutes an address that was throttled is heard again.

        :rtype: int
        """
        return WINDOW_MINUTES

    @api.autovacuum
    def _gc_guesses(self):
        limit_date = fields.Datetime.now() - timedelta(minutes=WINDOW_MINUTES)
        self.env.execute_query(
            SQL(
                "DELETE FROM billing_link_guess WHERE guessed_at <= %s RETURNING id",
                limit_date,
            )
        )

    @api.model
    def _get_visitor(self, address, now):
        """Return what stands for ``address`` today."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return core_token.derive(
            secret, self._name, f"{now:%Y-%m-%d}:{_network(address)}"
        )


def _network(address):
    """Return who is behind ``address``: of IPv6 that is the whole /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return parsed.compressed
    if parsed.ipv4_mapped:
        return parsed.ipv4_mapped.compressed
    return ipaddress.ip_network((parsed, 64), strict=False).compressed
