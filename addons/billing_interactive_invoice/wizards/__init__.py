from . import billing_message_preview
