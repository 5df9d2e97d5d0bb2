from . import billing_letter_answer
