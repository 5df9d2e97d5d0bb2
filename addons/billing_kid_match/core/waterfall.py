"""How the parts of the evidence add up to a probability, for people to read.

Evidence is kept as log-likelihood ratios in nats. They add up: what is expected before
looking, what each thing seen says for or against, what other candidates take away. The
sum is the logarithm of the odds, which is the probability.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

#: Codes of what is known before the payment is looked at; they start the waterfall.
PRIORS = frozenset({"open_invoices"})
#: What is left when the parts say more than the probability: other invoices, or no
#: open invoice at all, explain the payment too.
RIVALS = "rivals"
#: What is left when the parts say less than the probability.
CALIBRATION = "calibration"

#: Probabilities are kept with five decimals, so these odds are the end of the scale.
MOST = log(0.99999 / 0.00001)
#: A rest below this is rounding, not evidence.
LEAST_REST = 0.05

#: Strength of a part in words, by how many times it changes the odds.
STRENGTHS = (
    (1000.0, "decisive"),
    (30.0, "strong"),
    (3.0, "some"),
    (1.2, "slight"),
    (0.0, "none"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the waterfall.

    :param place: place of the part in what :func:`waterfall` was given, -1 for what it
        added
    :param code: code of the reason, or :data:`RIVALS` or :data:`CALIBRATION`
    :param weight: nats; above zero it speaks for the candidate
    :param before: sum of the steps before this one
    """

    place: int
    code: str
    weight: float
    before: float

    @property
    def after(self) -> float:
        return self.before + self.weight

    @property
    def factor(self) -> float:
        """How many times the odds grow (weight above zero) or shrink; at least 1."""
        return exp(min(abs(self.weight), 50.0))

    @property
    def strength(self) -> str:
        """One of the words of :data:`STRENGTHS`."""
        return next(word for least, word in STRENGTHS if self.factor >= least)


def waterfall(parts: Iterable[tuple[str, float]], probability: float) -> list[Step]:
    """Lay out evidence from what is expected to what is concluded.

    :param parts: pairs of code and weight in nats, in the order to be read
    :param probability: 0..1, what the evidence came to
    :return: priors first, then the parts that weigh anything, then what is left; the
        weights add up to the log odds of ``probability`` within the scale
    """
    weighed = [(at, code, weight) for at, (code, weight) in enumerate(parts) if weight]
    weighed.sort(key=lambda item: item[1] not in PRIORS)
    steps: list[Step] = []
    total = 0.0
    for at, code, weight in weighed:
        steps.append(Step(at, code, weight, total))
        total += weight
    rest = log_odds(probability) - total
    beyond = abs(total) >= MOST and abs(log_odds(probability)) >= MOST - LEAST_REST
    if steps and abs(rest) >= LEAST_REST and not (beyond and total * rest < 0):
        steps.append(Step(-1, RIVALS if rest < 0 else CALIBRATION, rest, total))
    return steps


def log_odds(probability: float) -> float:
    """Logarithm of the odds, within the scale of :data:`MOST` nats either side."""
    if probability <= 0:
        return -MOST
    if probability >= 1:
        return MOST
    return max(-MOST, min(MOST, log(probability / (1 - probability))))
