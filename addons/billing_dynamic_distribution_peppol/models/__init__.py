from . import account_move
from . import billing_channel_ehf
from . import res_partner
