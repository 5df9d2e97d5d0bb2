from . import (
    account_move,
    billing_matcher,
    billing_payment,
    billing_payment_candidate,
    res_company,
    res_config_settings,
)
