from . import billing_channel_email
from . import billing_channel_letter
from . import billing_channel_provider
from . import billing_channel_sms
