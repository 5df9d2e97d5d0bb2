from . import billing_reference_design, billing_reference_designer
