import contextlib
import logging

from psycopg2.pool import PoolError

from odoo import api, models

from odoo.addons.bus.websocket import (
    InvalidStateException,
    acquire_cursor,
    wsrequest,
)

from ..core import reading
from .billing_page_presence import SUBCHANNEL

_logger = logging.getLogger(__name__)

#: What a page puts before its ticket to name the channel it wants to hear.
PREFIX = "billing_page:"
#: Pages report under this name, and hear of it that they were heard.
EVENT = "billing_page"
HERE = "billing_page_here"
#: A browser has one page of an invoice in each of a few tabs.
MAX_TICKETS = 20


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Override of `bus`: who has a ticket hears of that invoice."""
        tickets, others = [], []
        for channel in channels:
            # The text itself is never a channel: it would be one by that name.
            is_ticket = isinstance(channel, str) and channel.startswith(PREFIX)
            (tickets if is_ticket else others).append(channel)
        presences = self.env["billing.page.presence"]
        moves_sudo = self.env["account.move"].sudo()
        for text in tickets[:MAX_TICKETS]:
            reader = presences._admit(text.removeprefix(PREFIX))
            if reader:
                others.append((moves_sudo.browse(reader["move_id"]), SUBCHANNEL))
        return super()._build_bus_channel_list(others)

    def _serve_ir_websocket(self, event_name, data):
        """Override of `bus`: pages say that they are open, and what was seen."""
        result = super()._serve_ir_websocket(event_name, data)
        if not isinstance(data, dict):
            return result
        if event_name == "subscribe":
            # All in one: the page is noted as open before anything can pass it by.
            data = data.get(EVENT)
        if event_name in ("subscribe", EVENT) and isinstance(data, dict):
            self._billing_page_report(data)
        return result

    def _billing_page_report(self, data):
        """Note what a page reported, and answer it if it asks for that."""
        presences = self.env["billing.page.presence"]
        reader = presences._admit(data.get("ticket"))
        if reader:
            presences._note(reader, reading.parse(data))
        if data.get("ack") is True:
            # Answered when the page is noted as open for all to see, and from what is
            # so then: what was committed before is in the answer, what is later is
            # pushed.
            database, socket = self.env.cr.dbname, wsrequest.ws
            with_stamp = data.get("stamp") is True
            uid = self.env.uid
            self.env.cr.postcommit.add(
                lambda: _answer(database, uid, socket, reader, with_stamp)
            )


def _answer(database, uid, socket, reader, with_stamp):
    """Tell a page that it was heard, and how things stand.

    :param dict reader: who, nothing when the ticket admits nobody (any more)
    :param bool with_stamp: whether the page wants to know if it is up to date
    """
    payload = {"gone": True}
    if reader:
        try:
            with acquire_cursor(database) as cr:
                # Invoice and company have hundreds of fields; this takes five.
                env = api.Environment(cr, uid, {"prefetch_fields": False})
                move_sudo = env["account.move"].sudo().browse(reader["move_id"])
                payload = dict(move_sudo._billing_page_readers_here()[move_sudo.id])
                if with_stamp:
                    payload["stamp"] = move_sudo._billing_page_stamp()
        except PoolError:
            # The page waits in vain, and connects again.
            _logger.warning("An open page was not answered: no connection was free")
            return
    with contextlib.suppress(InvalidStateException, OSError):
        socket._send([{"id": 0, "message": {"type": HERE, "payload": payload}}])
