from . import sms_twilio
