from . import billing_debit_answer_link
