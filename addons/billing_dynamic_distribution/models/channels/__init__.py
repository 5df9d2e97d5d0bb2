from . import billing_channel_sms
