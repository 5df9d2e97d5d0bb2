from . import account_move
from . import account_move_charge
from . import billing_conversation
from . import billing_message
