from . import billing_reminder_why
from . import billing_law_question
