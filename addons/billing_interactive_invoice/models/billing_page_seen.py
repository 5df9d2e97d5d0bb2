from odoo import api, fields, models
from odoo.tools import SQL

from .billing_page_presence import write_quietly


class BillingPageSeen(models.Model):
    """A section of an invoice's page that a customer has had before their eyes."""

    _name = "billing.page.seen"
    _description = "Section That Was Seen"
    _order = "last_at desc, id desc"
    _rec_name = "code"
    _log_access = False

    reader_id = fields.Many2one(
        "billing.page.reader", required=True, readonly=True, ondelete="cascade"
    )
    code = fields.Char(required=True, readonly=True)
    label = fields.Char(string="Section", compute="_compute_label")
    first_at = fields.Datetime(string="First Seen", required=True, readonly=True)
    last_at = fields.Datetime(string="Last Seen", required=True, readonly=True)

    _section_unique = models.Constraint(
        "UNIQUE(reader_id, code)", "A section is noted once for each reader."
    )

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_label(self):
        labels = self.env["account.move"]._billing_page_section_labels()
        for seen in self:
            seen.label = labels.get(seen.code, seen.code)

    @api.model
    def _note(self, reader, codes, now):
        """Note that sections were in view.

        :param reader: the ``billing.page.reader``
        :param codes: of the sections; such as there are none of are left out
        :param datetime now: UTC
        :return: None
        """
        known = self.env["account.move"]._billing_page_section_labels()
        todo = sorted(known.keys() & codes)
        if not todo:
            return
        write_quietly(
            self.env,
            SQL(
                """INSERT INTO billing_page_seen (reader_id, code, first_at, last_at)
                   SELECT %(reader)s, code, %(now)s, %(now)s
                     FROM unnest(%(codes)s::varchar[]) AS code
              ON CONFLICT (reader_id, code) DO UPDATE SET last_at = EXCLUDED.last_at
                RETURNING id""",
                reader=reader.id,
                codes=todo,
                now=now,
            ),
        )
        reader.invalidate_recordset(["section_ids"], flush=False)
        self.invalidate_model(flush=False)

    @api.autovacuum
    def _gc_seen(self):
        """Delete what is older than visits are kept; the reader's counts stay."""
        self.env.execute_query(
            SQL(
                """DELETE FROM billing_page_seen AS seen
                    USING billing_page_reader AS reader, res_company AS company
                    WHERE reader.id = seen.reader_id
                      AND company.id = reader.company_id
                      AND seen.last_at < %s - company.billing_visit_days
                                              * interval '1 day'
                RETURNING seen.id""",
                fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
