# With the bank: who draws money, and from whom.
from . import billing_debit_agreement
from . import billing_mandate
from . import billing_mandate_request

# What is drawn.
from . import billing_debit_batch
from . import billing_debit_claim

# What the bank answers.
from . import billing_debit_answer
