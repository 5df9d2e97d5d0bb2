"""What screens say."""

from babel.dates import format_skeleton, format_time

from odoo import fields
from odoo.tools import babel_locale_parse, get_lang


def day_text(env, at):
    """Return a moment as people say it: the weekday, the day and the minute.

    :param env: of the reader
    :param datetime at: (UTC)
    :return: such as «Sat, Nov 21, 10:30 AM», with the year where it is another one
    """
    locale = babel_locale_parse(get_lang(env).code)
    local = fields.Datetime.context_timestamp(env.user, at)
    now = fields.Datetime.context_timestamp(env.user, env.cr.now())
    skeleton = "MMMEd" if local.year == now.year else "yMMMEd"
    day = format_skeleton(skeleton, local.replace(tzinfo=None), locale=locale)
    return f"{day}, {format_time(local.time(), 'short', locale=locale)}"


def tell(kind, text):
    """Return an action that says something, and reads the screen anew.

    :param str kind: ``success``, ``info`` or ``warning``
    :param str text: in the language of the reader
    :rtype: dict
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "message": text,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }
