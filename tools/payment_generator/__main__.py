"""Command line: ``python -m payment_generator camt054 --book book.jsonl …``."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from . import camt054, ocr_giro
from .book import BookItem, read_book, write_book
from .payments import (
    DAMAGED_MIX,
    VALID_REFERENCE_KINDS,
    Payment,
    arrange,
    draw_payments,
)
from .reference import is_valid_reference
from .synthetic import REGIMES, synthetic_book


def _count(text: str) -> int | None:
    return None if text == "all" else int(text)


def _mix(text: str) -> dict[str, float]:
    pairs = (part.partition("=") for part in text.split(","))
    return {kind.strip(): float(weight or 1) for kind, _, weight in pairs}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="payment_generator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seed", type=int, default=1, help="same seed, same file")
    common.add_argument("--out", type=Path, required=True, help="file to write")
    files = argparse.ArgumentParser(add_help=False, parents=[common])
    files.add_argument("--book", type=Path, required=True, help="invoices, JSON lines")
    files.add_argument("--truth", type=Path, help="right answers, JSON lines")
    files.add_argument(
        "--count", type=_count, default=200, help="payments, or 'all' open invoices"
    )
    files.add_argument(
        "--damaged-share",
        type=float,
        default=0.05,
        help="share of payments that are not exact, 0 to 1",
    )
    files.add_argument(
        "--mix",
        type=_mix,
        default=dict(DAMAGED_MIX),
        help="kinds and weights among those, as kind=weight,kind=weight",
    )
    files.add_argument(
        "--account", help="own account; default: the one most invoices name"
    )
    files.add_argument(
        "--date",
        type=date.fromisoformat,
        default=date.today(),
        help="booking date; default: today",
    )
    files.add_argument("--message-id", help="default: made of seed and booking date")
    files.add_argument(
        "--batch-size", type=int, default=50, help="most payments in one bank entry"
    )
    camt = commands.add_parser("camt054", parents=[files], help="write camt.054")
    camt.add_argument("--version", choices=camt054.VERSIONS, default="02")
    camt.add_argument("--bankgiro", default="", help="payee's bankgiro (Sweden)")
    camt.add_argument(
        "--structured-share",
        type=float,
        default=0.5,
        help="share of failing references passed on as structured ones, 0 to 1",
    )
    ocr = commands.add_parser("ocr_giro", parents=[files], help="write OCR giro")
    ocr.add_argument("--agreement", default="001008566", help="OCR agreement number")
    made_up = commands.add_parser(
        "synthetic_book", parents=[common], help="write a made-up book"
    )
    made_up.add_argument("--size", type=int, default=10_000, help="invoices")
    made_up.add_argument("--regime", choices=REGIMES, default="S")
    return parser


def _own_account(book: list[BookItem]) -> str:
    accounts = Counter(item.account for item in book if item.account)
    if not accounts:
        raise ValueError("no invoice in the book names an account; use --account")
    return accounts.most_common(1)[0][0]


def truth_line(position: int, payment: Payment) -> str:
    """The truth about the payment at ``position`` (from 1) of the file, as JSON."""
    truth = payment.truth
    return json.dumps(
        {
            "position": position,
            "kind": truth.kind,
            "amount": payment.amount,
            "currency": payment.currency,
            "reference": payment.reference,
            "message": payment.message,
            "original": truth.original,
            "moves": truth.moves,
            "invoices": truth.invoices,
            "partner": truth.partner_id,
            "collides": truth.collides,
            "wanted": truth.wanted,
            "safe": truth.safe,
        },
        ensure_ascii=False,
    )


def _write_payments(args: argparse.Namespace) -> Counter[str]:
    book = read_book(args.book)
    mix, structured_share = args.mix, 0.0
    message_id = args.message_id or f"KVITT-{args.seed}-{args.date:%Y%m%d}"
    account = args.account or _own_account(book)
    if args.command == "ocr_giro":
        book = [item for item in book if is_valid_reference(item.reference)]
        mix = {kind: mix[kind] for kind in mix if kind in VALID_REFERENCE_KINDS}
        options = ocr_giro.Options(
            account=ocr_giro.national_account(account),
            settled=args.date,
            message_id=message_id,
            agreement=args.agreement,
        )
        make_writer, encoding = ocr_giro.OcrGiroWriter, "iso-8859-1"
    else:
        structured_share = args.structured_share
        options = camt054.Options(
            account=account,
            currency=book[0].currency if book else "NOK",
            booked=args.date,
            message_id=message_id,
            version=args.version,
            bankgiro=args.bankgiro,
        )
        make_writer, encoding = camt054.Camt054Writer, "utf-8"
    payments = draw_payments(
        book,
        seed=args.seed,
        count=args.count,
        damaged_share=args.damaged_share,
        mix=mix,
        structured_share=structured_share,
    )
    with ExitStack() as stack:
        stream = stack.enter_context(
            open(args.out, "w", encoding=encoding, newline="\n")
        )
        truth = stack.enter_context(
            open(args.truth or os.devnull, "w", encoding="utf-8")
        )
        writer = make_writer(stream, options)
        return write_file(writer, payments, args.batch_size, truth)


def write_file(writer, payments: Iterator[Payment], batch_size: int, truth) -> Counter:
    """Write ``payments`` and their truth in file order; return the count per kind."""
    kinds: Counter[str] = Counter()
    position = 0
    writer.start()
    for entry in arrange(payments, batch_size):
        writer.entry(entry)
        for payment in entry:
            position += 1
            kinds[payment.truth.kind] += 1
            truth.write(truth_line(position, payment) + "\n")
    writer.end()
    return kinds


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 0 when the file was written, 2 when it could not be."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "synthetic_book":
            with open(args.out, "w", encoding="utf-8") as stream:
                items = synthetic_book(args.size, seed=args.seed, regime=args.regime)
                print(f"{args.out}: {write_book(items, stream)} invoices")
            return 0
        kinds = _write_payments(args)
    except (OSError, ValueError) as error:
        print(f"payment_generator: {error}", file=sys.stderr)
        return 2
    print(f"{args.out}: {sum(kinds.values())} payments")
    for kind, count in kinds.most_common():
        print(f"  {count:7d}  {kind.replace('_', ' ')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
