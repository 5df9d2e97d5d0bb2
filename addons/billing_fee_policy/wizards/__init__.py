from . import billing_collection_answer
from . import billing_reminder_why
from . import billing_law_question
from . import billing_waive_wizard
from . import billing_waiver_try
from . import billing_fee_review
