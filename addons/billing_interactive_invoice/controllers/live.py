import json

from odoo.http import request

from ..core import reading
from . import page


class LivePage(page.InvoicePage):
    """What open pages ask again and again, with or without a websocket."""

    def _billing_live_payload(self, move_sudo, visitor, page, have):
        """Override: nothing is drawn for a page that is up to date.

        ``stamp`` among the parameters is what the page last got from here, ``report``
        what it has to say, as JSON, when it has no websocket to say it by.
        """
        presences = request.env["billing.page.presence"]
        ticket = presences._issue_ticket(move_sudo, visitor)
        report = _read_report(request.params.get("report"))
        reader = report and presences._admit(ticket)
        if reader:
            presences._note(reader, report)
        stamp = move_sudo._billing_page_stamp()
        if stamp == request.params.get("stamp"):
            payload = {"sections": {}}
        else:
            payload = super()._billing_live_payload(move_sudo, visitor, page, have)
        payload["live"] = {
            "stamp": stamp,
            "ticket": ticket,
            **move_sudo._billing_page_readers_here()[move_sudo.id],
        }
        return payload


def _read_report(text):
    """Return what a page reported, or None when it did not."""
    if not text:
        return None
    try:
        return reading.parse(json.loads(text))
    except ValueError:
        return None
