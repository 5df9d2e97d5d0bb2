from . import base_partner_merge, billing_reference_design, billing_reference_designer
