from . import billing_reminder_why
