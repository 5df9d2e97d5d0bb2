"""What matching saves: cases nobody had to work on, times the minutes of one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meter:
    """Payments of one period by who found their invoice.

    A payment whose reference named its invoice exactly is no case: any system that
    compares references would have placed it. Only payments whose evidence had to be
    weighed count as work that nobody had to do.

    :param placed: payments that found their invoice by themselves, all of them
    :param repaired: those of them whose reference was damaged or missing
    :param by_staff: payments that a person decided
    :param waiting: payments that still wait for a person
    :param minutes: what one case takes a person by hand
    :raises ValueError: a number is negative, or more were repaired than placed
    """

    placed: int
    repaired: int
    by_staff: int
    waiting: int
    minutes: float

    def __post_init__(self):
        counts = (self.placed, self.repaired, self.by_staff, self.waiting)
        if min(counts) < 0 or self.minutes < 0:
            raise ValueError("counts and minutes cannot be negative")
        if self.repaired > self.placed:
            raise ValueError("more payments were repaired than placed")

    @property
    def cases(self) -> int:
        """Payments that would need a person if references were only compared."""
        return self.repaired + self.by_staff + self.waiting

    @property
    def minutes_before(self) -> float:
        """Work when all cases are placed by hand."""
        return self.cases * self.minutes

    @property
    def minutes_after(self) -> float:
        """Work that is left to people, done or still waiting."""
        return (self.by_staff + self.waiting) * self.minutes

    @property
    def minutes_saved(self) -> float:
        return self.minutes_before - self.minutes_after

    @property
    def share(self) -> float:
        """Share of the cases that needed nobody, 0..1; 0 when there were none."""
        return self.repaired / self.cases if self.cases else 0.0
