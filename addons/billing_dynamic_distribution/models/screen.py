"""What buttons answer."""


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
