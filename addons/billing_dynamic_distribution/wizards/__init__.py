from . import billing_contact_fix_wizard
from . import billing_letter_answer
