"""When a debit may be asked for, when it is drawn, and until when it may be stopped.

Numbers of days and times of day are agreements and terms that differ and change; they
come in as :class:`Rules`. Moments are naive and of the clock of the scheme's country.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from odoo.addons.billing_base.core.bank_days import BankCalendar

BANK_DAYS, DAYS = "bank_days", "days"
UNITS = (BANK_DAYS, DAYS)
#: No debit is farther away; guards against rules that allow none.
_MAX_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the claims of one scheme from one day on.

    :param scheme: ``avtalegiro`` or ``autogiro``
    :param lead_days: from delivery to debit, at least
    :param lead_unit: one of :data:`UNITS`, what the days before it are, too
    :param cut_off: of the last day, by the scheme's clock
    :param cancel_days: from delivery of a cancellation to the debit, at least
    :param notice_days: from telling the customer to the debit, at least
    :param months_ahead: how far ahead a claim may be delivered
    :param window_day: with a notice from the bank, day of the month from which debits
        belong to the claims of the month before; 0 where there is no such notice
    :param grace_bank_days: after the debit in which its money may still come
    :param bank_retry_bank_days: on which the bank may try again
    :param source: where all this is written
    """

    scheme: str
    lead_days: int
    lead_unit: str
    cut_off: time
    cancel_days: int
    cancel_unit: str
    cancel_cut_off: time
    notice_days: int
    notice_unit: str
    months_ahead: int = 12
    window_day: int = 0
    grace_bank_days: int = 5
    bank_retry_bank_days: int = 0
    source: str = ""

    def __post_init__(self):
        for unit in (self.lead_unit, self.cancel_unit, self.notice_unit):
            if unit not in UNITS:
                raise ValueError(f"{unit!r} is not one of {UNITS}")
        numbers = (
            self.lead_days,
            self.cancel_days,
            self.notice_days,
            self.window_day,
            self.grace_bank_days,
            self.bank_retry_bank_days,
        )
        if min(numbers) < 0 or self.months_ahead < 1:
            raise ValueError("days and months cannot be negative")
        if self.window_day > 28:
            raise ValueError("a day that every month has is needed")


def debit_day(calendar: BankCalendar, day: date) -> date:
    """Return the bank day on which a claim for ``day`` is drawn.

    A claim for another day is executed on the next bank day (AvtaleGiro system
    specification, amount item 1, due date).
    """
    return calendar.next_bank_day(day)


def latest_delivery(
    rules: Rules, calendar: BankCalendar, day: date, bank_notice: bool = False
) -> datetime:
    """Return the moment by which a claim for ``day`` has to be with the scheme.

    :param day: asked for
    :param bank_notice: the bank tells the customer: then by the last bank day of the
        month before the window the day belongs to (AvtaleGiro user manual 4.1.1)
    """
    last = _back(calendar, day, rules.lead_days, rules.lead_unit)
    if bank_notice and rules.window_day:
        month = day.replace(day=1)
        if day.day < rules.window_day:
            month = (month - timedelta(days=1)).replace(day=1)
        last = min(last, calendar.previous_bank_day(month - timedelta(days=1)))
    return datetime.combine(last, rules.cut_off)


def first_delivery(rules: Rules, day: date) -> date:
    """Return the first day on which a claim for ``day`` is taken."""
    month = day.year * 12 + day.month - 1 - rules.months_ahead
    year, month = divmod(month, 12)
    # A day that is not in the month counts as the first of the next one.
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year + (month == 11), (month + 1) % 12 + 1, 1)


def notice_deadline(rules: Rules, calendar: BankCalendar, day: date) -> date:
    """Return the last day on which the customer may be told of a debit on ``day``."""
    return _back(calendar, day, rules.notice_days, rules.notice_unit)


def earliest_debit(
    rules: Rules,
    calendar: BankCalendar,
    now: datetime,
    *,
    bank_notice: bool = False,
    told_on: date | None = None,
    not_before: date | None = None,
) -> date:
    """Return the first bank day on which something may be drawn.

    :param now: when the claim goes out at the earliest
    :param bank_notice: as in :func:`latest_delivery`
    :param told_on: when the customer is told; None when nobody has to be
    :param not_before: the day wished for
    :raises ValueError: the rules allow no day within a year
    """
    start = max(now.date(), told_on or now.date(), not_before or now.date())
    day = calendar.next_bank_day(start)
    for _nth in range(_MAX_AHEAD):
        if now <= latest_delivery(rules, calendar, day, bank_notice) and (
            told_on is None or told_on <= notice_deadline(rules, calendar, day)
        ):
            return day
        day = calendar.add_bank_days(day, 1)
    raise ValueError(f"no day within {_MAX_AHEAD} bank days of {start.isoformat()}")


def cancel_deadline(rules: Rules, calendar: BankCalendar, day: date) -> datetime:
    """Return the moment until which the debit on ``day`` may be stopped by us."""
    last = _back(calendar, day, rules.cancel_days, rules.cancel_unit)
    return datetime.combine(last, rules.cancel_cut_off)


def may_cancel(rules: Rules, calendar: BankCalendar, day: date, now: datetime) -> bool:
    """Whether a cancellation that goes out now stops the debit on ``day``."""
    return now <= cancel_deadline(rules, calendar, day)


def needs_notice(told_on: date | None, deadline: date) -> bool:
    """Whether the customer still has to be told, or was told too late.

    :param told_on: None when nobody told
    :param deadline: of :func:`notice_deadline`
    """
    return told_on is None or told_on > deadline


def grace_until(
    rules: Rules, calendar: BankCalendar, day: date, bank_retries: bool = False
) -> date:
    """Return the last day on which the money of the debit on ``day`` may come.

    :param bank_retries: the bank was asked to try again on the next days
    """
    days = rules.grace_bank_days
    if bank_retries:
        days = max(days, rules.bank_retry_bank_days)
    return calendar.add_bank_days(debit_day(calendar, day), days)


def should_go(
    rules: Rules,
    calendar: BankCalendar,
    day: date,
    today: date,
    margin: int,
    bank_notice: bool = False,
) -> bool:
    """Whether a claim for ``day`` goes with the file of today.

    Files go some days ahead of the last moment, so that one that is missed can be made
    up for, and no earlier, so that what is paid meanwhile has not to be called back.

    :param margin: bank days ahead of the last moment
    """
    last = latest_delivery(rules, calendar, day, bank_notice).date()
    if margin:
        last = calendar.add_bank_days(last, -margin)
    return today >= last and today >= first_delivery(rules, day)


@dataclass(frozen=True, slots=True)
class Clock:
    """Deadlines, bank days and a moment together, for questions about many debits.

    Each question is answered once for each day.

    :param now: by the clock of the scheme's country
    """

    rules: Rules
    calendar: BankCalendar
    now: datetime
    _answers: dict = field(default_factory=dict, compare=False, repr=False)

    @property
    def today(self) -> date:
        """The day of the moment."""
        return self.now.date()

    def earliest(self, bank_notice=False, told_on=None, not_before=None) -> date:
        """See :func:`earliest_debit`."""
        return self._ask(
            "earliest",
            bank_notice,
            told_on,
            not_before,
            answer=lambda: earliest_debit(
                self.rules,
                self.calendar,
                self.now,
                bank_notice=bank_notice,
                told_on=told_on,
                not_before=not_before,
            ),
        )

    def in_time(self, day: date, bank_notice: bool = False) -> bool:
        """Whether a claim for ``day`` that goes now is in time."""
        return self._ask(
            "in_time",
            day,
            bank_notice,
            answer=lambda: (
                self.now <= latest_delivery(self.rules, self.calendar, day, bank_notice)
            ),
        )

    def latest(self, day: date, bank_notice: bool = False) -> datetime:
        """See :func:`latest_delivery`."""
        return self._ask(
            "latest",
            day,
            bank_notice,
            answer=lambda: latest_delivery(self.rules, self.calendar, day, bank_notice),
        )

    def notice_deadline(self, day: date) -> date:
        """See :func:`notice_deadline`."""
        return self._ask(
            "notice",
            day,
            answer=lambda: notice_deadline(self.rules, self.calendar, day),
        )

    def cancel_deadline(self, day: date) -> datetime:
        """See :func:`cancel_deadline`."""
        return self._ask(
            "cancel_by",
            day,
            answer=lambda: cancel_deadline(self.rules, self.calendar, day),
        )

    def may_cancel(self, day: date) -> bool:
        """Whether a cancellation that goes now stops the debit on ``day``."""
        return self._ask(
            "cancel",
            day,
            answer=lambda: may_cancel(self.rules, self.calendar, day, self.now),
        )

    def should_go(self, day: date, margin: int, bank_notice: bool = False) -> bool:
        """See :func:`should_go`."""
        return self._ask(
            "go",
            day,
            margin,
            bank_notice,
            answer=lambda: should_go(
                self.rules, self.calendar, day, self.today, margin, bank_notice
            ),
        )

    def grace_until(self, day: date, bank_retries: bool = False) -> date:
        """See :func:`grace_until`."""
        return self._ask(
            "grace",
            day,
            bank_retries,
            answer=lambda: grace_until(self.rules, self.calendar, day, bank_retries),
        )

    def _ask(self, *question, answer):
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]


def _back(calendar, day, count, unit):
    """Return the day that lies ``count`` days before ``day``.

    A day on which nobody works at the bank does not count as the last one.
    """
    if unit == BANK_DAYS:
        # From a closed day, the first bank day before it is one day before.
        return calendar.add_bank_days(day, -count) if count else _open(calendar, day)
    return _open(calendar, day - timedelta(days=count))


def _open(calendar, day):
    return calendar.previous_bank_day(day)
