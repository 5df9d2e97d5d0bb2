from . import account_move
from . import billing_debit_campaign
