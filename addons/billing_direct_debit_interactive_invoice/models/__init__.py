from . import account_move
from . import account_move_debit_words
from . import billing_mandate
