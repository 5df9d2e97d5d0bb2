from . import billing_collection_answer
from . import billing_reminder_why
from . import billing_law_question
