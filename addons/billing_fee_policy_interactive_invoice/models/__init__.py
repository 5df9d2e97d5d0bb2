from . import account_move
from . import billing_conversation
from . import billing_message
