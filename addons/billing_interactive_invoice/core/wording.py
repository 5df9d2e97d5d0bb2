"""Days as people say them, in their language."""

import re
from datetime import date

from babel import Locale
from babel.dates import format_date

#: The year in a pattern of the CLDR, with what joins it to the rest.
_YEAR = re.compile(r"(\s*'[^']*')?[\s,./-]*y+")


def long_day(day: date, today: date, locale: Locale | str, *, weekday=True) -> str:
    """Return a day in words: «tirsdag 1. desember», with the year when it is another.

    :param day: to say
    :param today: in whose year the year goes without saying
    :param locale: of the reader
    :param weekday: whether to say the day of the week; people plan by it
    """
    locale = Locale.parse(locale)
    pattern = locale.date_formats["full" if weekday else "long"].pattern
    if day.year == today.year:
        pattern = _YEAR.sub("", pattern).strip(" ,./-")
    return format_date(day, pattern, locale=locale)
