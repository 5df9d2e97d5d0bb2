import io

import psycopg2

from odoo import api, models
from odoo.tools.pdf import PdfFileReader, PdfReadError

from ...core import letters, state
from ...core.channel import NOT_RECEIVED, ChannelError, Outcome, Prepared

MM_PER_POINT = 25.4 / 72

#: Codes of what keeps a letter from being sent.
BAD_ADDRESS = "address"
BAD_PDF = "pdf"
BAD_TEXT = "text"
NOT_IN_WINDOW = "window"
NO_DIRECTORY = "directory"


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with letters."""
        return {**super()._registry(), "letter": "billing.channel.letter"}


class BillingChannelLetter(models.AbstractModel):
    """Letters that somebody else prints and posts.

    What goes out is the invoice's own PDF as Odoo stores it, byte for byte; before it a
    cover letter, where there is something to say or several invoices share an envelope.
    Who prints is up to the company: each provider ``x`` has ``_letter_is_available_x``,
    ``_letter_call_x`` and ``_letter_look_up_x``. The one here is a print house that
    fetches batches from a directory (``docs/letters.md``); its answers come in through
    ``billing.letter.answer``.
    """

    _name = "billing.channel.letter"
    _inherit = "billing.channel"
    _description = "Letters"

    _channel = "letter"
    _group = "other"
    # Nobody is woken by a letter box.
    _is_intrusive = False
    # Most print houses tell what came back, few what arrived.
    _reports_delivery = False
    _can_look_up = True

    # === CONTRACT: ABOUT THE CHANNEL === #

    def _is_available(self, company):
        """Whether the company has somebody who prints."""
        provider = company.sudo().billing_letter_provider
        return bool(provider) and getattr(self, f"_letter_is_available_{provider}")(
            company
        )

    # === CONTRACT: PREPARING === #

    def _prepare(self, attempt):
        """Put the PDFs into an envelope, and look at its window."""
        attempt_sudo = attempt.sudo()
        company_sudo = attempt_sudo.company_id
        moves_sudo = attempt_sudo.item_ids.move_id
        recipient_sudo = attempt_sudo.recipient_id
        if attempt_sudo.lang:
            recipient_sudo = recipient_sudo.with_context(lang=attempt_sudo.lang)
        address = self._letter_address(recipient_sudo, company_sudo)
        if attempt_sudo.provider != company_sudo.billing_letter_provider:
            attempt_sudo.provider = company_sudo.billing_letter_provider
        text, files = self._letter_files(attempt_sudo)
        documents = tuple(
            letters.Document(
                pdf=pdf_sudo.raw,
                pages=len(self._read_pdf(pdf_sudo.raw, pdf_sudo.name).pages),
                invoice=name,
            )
            for name, pdf_sudo in files
        )
        if company_sudo.billing_letter_check_window:
            self._check_window(
                documents[0].pdf, address, company_sudo, recipient_sudo.country_id.name
            )
        letter = letters.Letter(
            key=attempt_sudo.key,
            documents=documents,
            address=address,
            country=recipient_sudo.country_id.code,
            sender=self._letter_address(company_sudo.partner_id, company_sudo, False),
        )
        prices = company_sudo._billing_letter_prices()
        is_domestic = recipient_sudo.country_id == company_sudo.country_id
        return Prepared(
            subject=", ".join(moves_sudo.mapped("name")),
            text="\n".join([*address, *(["", text] if text else [])]),
            parts=letter,
            segments=sum(prices.sheets(document.pages) for document in documents),
            expected_cost=prices.cost(letter.pages, is_domestic),
        )

    def _letter_files(self, attempt_sudo):
        """Return what is in an envelope: the words of its cover letter, and its PDFs.

        :return: the words, and pairs of the number of the invoice (empty: it is none)
            and the PDF (``ir.attachment``), in their order
        :rtype: tuple[str, list]
        :raises ChannelError: the cover letter cannot be made
        """
        moves_sudo = attempt_sudo.item_ids.move_id
        pdfs_sudo = moves_sudo._billing_own_pdfs()
        if attempt_sudo.pdf_attachment_ids != pdfs_sudo:
            attempt_sudo.pdf_attachment_ids = pdfs_sudo
        text, cover_sudo = self._letter_cover(attempt_sudo)
        return text, [
            *(("", pdf_sudo) for pdf_sudo in cover_sudo),
            *zip(moves_sudo.mapped("name"), pdfs_sudo, strict=True),
        ]

    def _letter_cover(self, attempt_sudo):
        """Return the words of the cover letter and its PDF; none where it needs none.

        :rtype: tuple[str, ir.attachment]
        :raises ChannelError: its text cannot be filled in
        """
        if not attempt_sudo._needs_cover_letter():
            return "", attempt_sudo.cover_letter_id.browse()
        try:
            text = attempt_sudo.with_context(
                lang=attempt_sudo.lang or attempt_sudo.company_id.partner_id.lang
            )._get_letter_text()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # Whatever safe_eval meets. Ours to repair, and then it goes out after all.
            raise ChannelError("soft", BAD_TEXT, str(error)) from error
        return text, attempt_sudo._print_cover_letter()

    def _letter_address(self, partner, company, is_needed=True):
        """Return the lines of a postal address.

        :param partner: whose it is
        :param company: who writes; abroad is what is not in its country
        :param bool is_needed: whether a letter has to arrive there
        :raises ChannelError: it would not arrive
        """
        country = partner.country_id
        problem = letters.address_problem(
            partner.street or partner.street2, partner.zip, partner.city, country.code
        )
        if problem and is_needed:
            raise ChannelError(
                "hard",
                BAD_ADDRESS,
                self.env._(
                    "The postal address of %(customer)s is not complete (%(missing)s).",
                    customer=partner.display_name,
                    missing={
                        "street": self.env._("street"),
                        "postal_code": self.env._("postal code"),
                        "city": self.env._("city"),
                        "country": self.env._("country"),
                    }[problem],
                ),
                address_fault=True,
            )
        is_contact = partner.parent_id and not partner.is_company
        return letters.address_lines(
            name=partner.name or "",
            body=partner._display_address(without_company=True).splitlines(),
            company=(partner.commercial_company_name or "") if is_contact else "",
            country=country.name or "",
            is_domestic=country == company.country_id,
        )

    def _read_pdf(self, data, name):
        try:
            reader = PdfFileReader(io.BytesIO(data), strict=False)
            if reader.getNumPages():
                return reader
        except (PdfReadError, ValueError, TypeError) as error:
            reason = str(error)
        else:
            reason = self.env._("no pages")
        raise ChannelError(
            "hard",
            BAD_PDF,
            self.env._(
                "The PDF of %(invoice)s cannot be read: %(reason)s",
                invoice=name,
                reason=reason,
            ),
        )

    def _check_window(self, pdf, address, company, country):
        """See that the address, all of it and nothing else, shows in the window.

        :raises ChannelError: it does not
        """
        words = self._words_of_page(pdf)
        if not words:
            # The unpatched wkhtmltopdf draws its letters instead of writing them.
            raise ChannelError(
                "hard",
                NOT_IN_WINDOW,
                self.env._(
                    "The PDF holds no text that can be read, so that nobody can tell "
                    "what shows in the window of the envelope."
                ),
            )
        check = letters.look_through(
            words,
            address,
            company._billing_letter_window(),
            # Odoo's documents name the country at home too.
            allowed=[country or ""],
        )
        if check.is_good:
            return
        hidden = check.missing + check.hidden
        if hidden:
            reason = self.env._(
                "«%s» would not show in the window of the envelope.", " / ".join(hidden)
            )
        else:
            reason = self.env._(
                "«%s» would show in the window of the envelope.",
                " / ".join(check.foreign),
            )
        raise ChannelError("hard", NOT_IN_WINDOW, reason)

    @api.model
    def _words_of_page(self, pdf):
        """Return the words on the first page of a PDF.

        :param bytes pdf: the document
        :rtype: list[core.letters.Words]
        """
        page = PdfFileReader(io.BytesIO(pdf), strict=False).getPage(0)
        height = float(page.mediaBox[3])
        words = []

        def visit(text, outer, matrix, _font, size):
            if not text.strip():
                return
            # Position and size after both transformations.
            x = matrix[4] * outer[0] + matrix[5] * outer[2] + outer[4]
            y = matrix[4] * outer[1] + matrix[5] * outer[3] + outer[5]
            down = matrix[2] * outer[1] + matrix[3] * outer[3]
            words.append(
                letters.Words(
                    text=text,
                    x=x * MM_PER_POINT,
                    y=(height - y) * MM_PER_POINT,
                    size=abs(size * down) * MM_PER_POINT,
                )
            )

        page.extract_text(visitor_text=visit)
        return words

    # === CONTRACT: SENDING === #

    def _call(self, attempt, prepared):
        """Hand one letter over."""
        [(_attempt, outcome)] = self._call_batch([(attempt, prepared)])
        return outcome

    def _call_batch(self, attempts_prepared):
        """Hand letters over, those of one company together."""
        by_company = {}
        for attempt, prepared in attempts_prepared:
            by_company.setdefault(attempt.company_id, []).append((attempt, prepared))
        for company, pairs in by_company.items():
            provider = company.sudo().billing_letter_provider
            if not provider:
                outcome = Outcome(
                    state.FAILED_SOFT,
                    code=NO_DIRECTORY,
                    reason=self.env._("Nobody is set up to print letters."),
                    address_fault=False,
                )
                yield from ((attempt, outcome) for attempt, _prepared in pairs)
                continue
            yield from getattr(self, f"_letter_call_{provider}")(company, pairs)

    def _look_up(self, attempt):
        """Ask who prints what became of a letter."""
        provider = attempt.provider or attempt.company_id.sudo().billing_letter_provider
        if not provider:
            return None
        return getattr(self, f"_letter_look_up_{provider}")(attempt)

    # === PRINT HOUSE === #

    def _letter_is_available_directory(self, company):
        """A directory is always there, or made."""
        return True

    def _letter_call_directory(self, company, pairs):
        """Publish a batch: all of it, or nothing."""
        box = company._billing_letter_box()
        batch = letters.batch_name(
            [attempt.key for attempt, _prepared in pairs], company._billing_now()
        )
        failure = None
        try:
            box.publish(
                batch,
                [prepared.parts for _attempt, prepared in pairs],
                company.billing_letter_manifest,
            )
        except OSError as error:
            failure = Outcome(
                state.FAILED_SOFT,
                code=NO_DIRECTORY,
                reason=self.env._("The directory of letters: %s", error),
                address_fault=False,
            )
        else:
            try:
                box.settle()
            except OSError as error:
                failure = Outcome(
                    state.UNCERTAIN,
                    reference=batch,
                    code=NO_DIRECTORY,
                    reason=self.env._("The directory of letters: %s", error),
                )
        for attempt, _prepared in pairs:
            yield attempt, failure or Outcome(state.SENT, reference=batch)

    def _letter_look_up_directory(self, attempt):
        """Look into the journal of batches."""
        try:
            batch = attempt.company_id._billing_letter_box().find(attempt.key)
        except OSError:
            return None
        if batch:
            return Outcome(state.SENT, reference=batch)
        return Outcome(
            state.FAILED_SOFT,
            code=NOT_RECEIVED,
            reason=self.env._("The batch with the letter was never finished."),
            address_fault=False,
        )
