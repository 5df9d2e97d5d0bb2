from odoo import models, tools


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    @tools.ormcache("link", cache="assets")
    def _billing_page_styles(self, link):
        """Return the styles of the customer's page, to be written into it.

        Made if nobody asked for them before; Odoo keeps them as it does for a link.

        :param str link: as ``_get_asset_links`` gives it
        :return: the styles; nothing for what is no style sheet, and for the single
            files that a developer looks at
        :rtype: str
        """
        if not link.endswith(".min.css"):
            return ""
        bundle = self._get_asset_bundle("billing_interactive_invoice.page", js=False)
        kept_sudo = bundle.css().sudo().filtered(lambda kept: kept.url == link)
        return (kept_sudo.raw or b"").decode()
