import secrets

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_base.core import token as core_token

#: What can become of a message on a page.
SHOWN, CLICKED, CLOSED = "shown", "clicked", "closed"


class BillingMessageReading(models.Model):
    """What became of a message on one day, with one customer.

    Nothing here tells who the customer is: ``reader`` is made from the database's
    secret, the message and the customer, and is another one for each message. So it is
    known whether somebody closed a message and how often they saw it, and nobody can be
    followed from one to the next.
    """

    _name = "billing.message.reading"
    _description = "Reading of a Message to Customers"
    _order = "day desc, id desc"
    _rec_name = "message_id"

    message_id = fields.Many2one(
        "billing.message", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    reader = fields.Char(required=True, readonly=True, groups="base.group_system")
    day = fields.Date(required=True, readonly=True)
    lang = fields.Selection(
        selection="_selection_lang", string="Language", readonly=True
    )
    shown = fields.Integer(readonly=True, help="1 on each day it was in view.")
    clicked = fields.Integer(readonly=True)
    closed = fields.Integer(readonly=True)
    shown_at = fields.Datetime(readonly=True)
    closed_at = fields.Datetime(readonly=True)

    _reader_day_unique = models.Constraint(
        "UNIQUE(message_id, reader, day)",
        "What became of the message on that day is noted already.",
    )

    # === SELECTION METHODS === #

    def _selection_lang(self):
        return self.env["res.lang"].get_installed()

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, messages, partner_id, day, what):
        """Note what became of messages, once a day for each customer.

        A message that was clicked or closed was shown, whether the page said so or not.

        :param messages: the ``billing.message`` records, of one company
        :param int partner_id: the customer's record
        :param datetime.date day: in the company's calendar
        :param str what: ``shown``, ``clicked`` or ``closed``
        :return: those of the messages for which that was new today
        :rtype: billing.message
        """
        if not messages:
            return messages
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO billing_message_reading AS old
                          (message_id, company_id, reader, day, lang,
                           shown, clicked, closed, shown_at, closed_at,
                           create_uid, create_date, write_uid, write_date)
                   SELECT message.id, message.company_id, seen.reader, %(day)s,
                          %(lang)s, 1, %(clicked)s, %(closed)s, %(now)s, %(closed_at)s,
                          %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM unnest(%(ids)s::int[], %(readers)s::varchar[])
                          AS seen(id, reader)
                     JOIN billing_message message ON message.id = seen.id
                       ON CONFLICT (message_id, reader, day) DO UPDATE
                      SET clicked = GREATEST(old.clicked, EXCLUDED.clicked),
                          closed = GREATEST(old.closed, EXCLUDED.closed),
                          shown_at = EXCLUDED.shown_at,
                          closed_at = COALESCE(EXCLUDED.closed_at, old.closed_at),
                          write_date = EXCLUDED.write_date
                    -- Published again since, it has to be closed again.
                    WHERE EXCLUDED.clicked > old.clicked
                       OR EXCLUDED.closed_at > COALESCE(old.closed_at, '-infinity')
                       OR old.shown_at < (SELECT published_at FROM billing_message
                                           WHERE id = old.message_id)
                RETURNING message_id""",
                day=day,
                lang=self.env.lang or "en_US",
                clicked=int(what == CLICKED),
                closed=int(what == CLOSED),
                closed_at=now if what == CLOSED else None,
                ids=messages.ids,
                readers=[self._reader(message.id, partner_id) for message in messages],
                now=now,
                uid=self.env.uid,
            )
        )
        self.invalidate_model(flush=False)
        messages.invalidate_recordset(
            ["reader_count", "shown_count", "clicked_count", "closed_count"],
            flush=False,
        )
        return messages.browse(row[0] for row in rows)

    @api.model
    def _known(self, messages, partner_id, today):
        """Return what a customer did with messages since they were published.

        :param messages: the ``billing.message`` records
        :param int partner_id: the customer's record
        :param datetime.date today: in the company's calendar
        :return: on how many days before today each was shown, by id; and the ids of
            those that were closed
        :rtype: tuple[dict[int, int], frozenset[int]]
        """
        if not messages:
            return {}, frozenset()
        rows = self.env.execute_query(
            SQL(
                """SELECT message.id,
                          COUNT(*) FILTER (WHERE reading.day < %(today)s),
                          BOOL_OR(reading.closed_at >= message.published_at)
                     FROM unnest(%(ids)s::int[], %(readers)s::varchar[])
                          AS known(id, reader)
                     JOIN billing_message message ON message.id = known.id
                     JOIN billing_message_reading reading
                       ON reading.message_id = known.id
                      AND reading.reader = known.reader
                    WHERE reading.shown_at >= message.published_at
                 GROUP BY message.id""",
                today=today,
                ids=messages.ids,
                readers=[self._reader(message.id, partner_id) for message in messages],
            )
        )
        return (
            {message_id: days for message_id, days, _closed in rows},
            frozenset(message_id for message_id, _days, closed in rows if closed),
        )

    @api.model
    def _reader(self, message_id, partner_id):
        """Return what a customer is called among the readers of one message."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return core_token.derive(secret, self._name, f"{message_id}:{partner_id}")

    # === BUSINESS METHODS - RETENTION === #

    @api.autovacuum
    def _gc_readers(self):
        """Let nobody find out any more who read messages that are over for long.

        The names of the readers are mixed with something that is kept nowhere. The
        figures stay what they are, for one reader keeps one name within a message.
        """
        self.env.execute_query(
            SQL(
                """UPDATE billing_message_reading AS reading
                      SET reader = md5(%(salt)s || reading.reader)
                     FROM billing_message AS message
                     JOIN res_company AS company ON company.id = message.company_id
                    WHERE message.id = reading.message_id
                      AND length(reading.reader) = %(length)s
                      AND (message.state = 'stopped' OR message.date_to IS NOT NULL)
                      AND GREATEST(message.date_to, message.write_date)
                          < %(now)s - make_interval(days => company.billing_visit_days)
                RETURNING reading.id""",
                salt=secrets.token_hex(16),
                length=core_token.TOKEN_LENGTH,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
