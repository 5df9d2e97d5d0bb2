import pytz
from babel.dates import format_time

from odoo import models
from odoo.tools.misc import babel_locale_parse, get_lang

from ..core import history
from ..core.section import Section
from ..core.wording import long_day

#: Events a page tells of at most; what is older, customer service looks up.
MOST_EVENTS = 200


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: what happened to the invoice, in words, day by day."""
        sections = super()._billing_page_sections(visitor)
        shown, earlier = self._billing_page_history()
        if shown:
            sections.append(
                Section(
                    "history",
                    "billing_interactive_invoice.page_history",
                    {
                        "shown": shown,
                        "earlier": earlier,
                        "earlier_count": sum(len(day["entries"]) for day in earlier),
                    },
                    sequence=80,
                )
            )
        return sections

    def _billing_page_history(self):
        """Return what the customer is told happened to the invoice.

        :return: days with their entries, newest first: those shown at once, and those
            shown on demand
        :rtype: tuple[list[dict], list[dict]]
        """
        self.ensure_one()
        zone = self.company_id._billing_zone()
        events_sudo = (
            self.env["billing.event"]
            .sudo()
            .with_context(billing_customer_view=True, tz=zone.zone)
            .search(
                [("move_id", "=", self.id), ("customer_visible", "=", True)],
                limit=MOST_EVENTS,
            )
        )
        shown, earlier = history.tell(
            history.Entry(
                at=pytz.utc.localize(event.occurred_at)
                .astimezone(zone)
                .replace(tzinfo=None),
                moment=event.occurred_at,
                text=event.display_text,
                by=event.actor,
            )
            for event in events_sudo
        )
        return (
            [self._billing_history_day(day) for day in shown],
            [self._billing_history_day(day) for day in earlier],
        )

    def _billing_history_day(self, day):
        """Return a day of the history as the page words it."""
        locale = babel_locale_parse(get_lang(self.env).code)
        name = long_day(day.day, self.company_id._billing_today(), locale)
        return {
            "day": day.day.isoformat(),
            "name": name[:1].upper() + name[1:],
            "entries": [
                {
                    "at": entry.moment.isoformat(timespec="seconds"),
                    "time": format_time(entry.at.time(), "short", locale=locale),
                    "text": history.keep_together(entry.text),
                    "by": entry.by,
                }
                for entry in day.entries
            ],
        }
