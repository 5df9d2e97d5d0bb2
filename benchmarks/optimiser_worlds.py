"""The optimiser on customers of whom the truth is known.

Regret: what choosing costs against who knew the best way of setting out from the first
day. Guard rail: how much trying loses where every alternative is worse. Doubt: how
often an interval holds the truth, looked at every day. Replay: whether it gives back
the history of the plan that ran, and how near it comes to what another plan would
really have done with the same customers.
"""

import time
from argparse import Namespace
from collections import defaultdict
from datetime import timedelta
from random import Random

from odoo.addons.billing_dynamic_distribution.core import (
    experiment,
    optimiser,
    plan,
    replay,
)
from odoo.addons.billing_dynamic_distribution.core.optimiser import Arm, Rails, Tally
from odoo.addons.billing_dynamic_distribution.core.pooling import Beta

from . import population
from .run import Report

WEEKS = 26
#: Weeks until it is known whether an invoice was paid in time.
DELAY = 3
#: Invoices of each segment in a week.
WEEKLY = 120
CURRENT = Arm("email", "morning", "3")
POLICIES = {
    "fixed": "Plan as it is",
    "split": "Equal shares for ever",
    "alone": "Thompson, each segment alone",
    "pooled": "Thompson, pooled",
    "railed": "Kvitt: pooled, within guard rails",
}
REPLAYED = {
    "SMS after one day": population.steps(
        ("email", 0, "hours", plan.NOT_PAID),
        ("sms", 1, "days", plan.NOT_OPENED),
        ("letter", 2, "days", plan.NOT_OPENED),
    ),
    "SMS first, e-mail after three days": population.steps(
        ("sms", 0, "hours", plan.NOT_PAID),
        ("email", 3, "days", plan.NOT_OPENED),
        ("letter", 2, "days", plan.NOT_OPENED),
    ),
    "no letter": population.WATERFALL[:2],
    "letter five days later": population.steps(
        ("email", 0, "hours", plan.NOT_PAID),
        ("sms", 3, "days", plan.NOT_OPENED),
        ("letter", 7, "days", plan.NOT_OPENED),
    ),
}


def neighbours(world, current=CURRENT):
    """Arms that differ from the current one in one factor."""
    return [arm for arm in world.arms() if len(current.differs(arm)) == 1]


# === REGRET === #


def run_policy(world, policy, seed, rails, weeks=WEEKS, weekly=WEEKLY):
    """Let a policy choose for half a year.

    :return: by week the regret so far and the loss against the fixed plan so far, in
        invoices paid in time, by the true shares
    """
    rng = Random(f"{policy} {seed}")
    arms = [CURRENT, *neighbours(world)]
    names = {str(at): arm for at, arm in enumerate(arms[1:])}
    known: dict = defaultdict(Tally)
    coming = []
    served: dict = defaultdict(lambda: defaultdict(int))
    total: dict = defaultdict(int)
    regret = loss = 0.0
    curve = []
    for _week in range(weeks):
        if len(coming) >= DELAY:
            for key, tally in coming.pop(0):
                known[key] += tally
        table = optimiser.learn(dict(known)) if policy in ("pooled", "railed") else None
        made = []
        for segment in population.SEGMENTS:
            shares = _choose(
                policy,
                table,
                known,
                segment,
                names,
                served[segment],
                total[segment],
                weekly,
                rails,
                rng,
            )
            best = max(world.rate(segment, arm) for arm in arms)
            fixed = world.rate(segment, CURRENT)
            for arm, count in _deal(shares, names, weekly, rng).items():
                made.append(((segment, arm), world.serve(segment, arm, count, rng)))
                regret += count * (best - world.rate(segment, arm))
                loss += count * (fixed - world.rate(segment, arm))
                served[segment][arm] += count
            total[segment] += weekly
        coming.append(made)
        curve.append((regret, loss))
    return curve


def _choose(policy, table, known, segment, names, served, total, weekly, rails, rng):
    if policy == "fixed":
        return {}
    if policy == "split":
        return dict.fromkeys(names, 1 / (len(names) + 1))
    if table:
        beliefs = {n: table.paid.belief(a.key(segment)) for n, a in names.items()}
        fixed = table.paid.belief(CURRENT.key(segment))
    else:
        beliefs = {
            n: Beta(1, 1).after(known[segment, a].paid, known[segment, a].count)
            for n, a in names.items()
        }
        seen = known[segment, CURRENT]
        fixed = Beta(1, 1).after(seen.paid, seen.count)
    if policy != "railed":
        rails = Rails(holdout=0.0, tolerance=1.0)
    return optimiser.allocate(
        fixed,
        beliefs,
        {n: served[a] for n, a in names.items()},
        total,
        weekly,
        rails,
        rng,
        draws=150,
    )


def _deal(shares, names, count, rng):
    """Deal customers to arms by share; what is left gets the plan as it is."""
    dealt: dict = defaultdict(int)
    for _nth in range(count):
        at = rng.random()
        arm = CURRENT
        for name, share in shares.items():
            at -= share
            if at < 0:
                arm = names[name]
                break
        dealt[arm] += 1
    return dealt


def bench_regret(report, args):
    """Regret by policy over several worlds."""
    rails = Rails()
    seeds = range(1 if args.quick else args.worlds)
    weeks = 6 if args.quick else WEEKS
    shown = [week for week in (4, 8, 13, 26) if week <= weeks]
    rows, data = [], {}
    for policy, name in POLICIES.items():
        started = time.perf_counter()
        curves = [
            run_policy(population.World(seed), policy, seed, rails, weeks)
            for seed in seeds
        ]
        count = WEEKLY * len(population.SEGMENTS)
        means = [
            sum(curve[week - 1][0] for curve in curves) / len(curves) for week in shown
        ]
        worst = max(
            loss / (count * (week + 1))
            for curve in curves
            for week, (_regret, loss) in enumerate(curve)
        )
        gained = -sum(curve[-1][1] for curve in curves) / len(curves)
        data[policy] = {
            "regret": [[regret for regret, _loss in curve] for curve in curves],
            "worst": worst,
            "gained": gained,
            "seconds": time.perf_counter() - started,
        }
        rows.append(
            [
                name,
                *(f"{mean:.0f}" for mean in means),
                f"{gained:+.0f}",
                f"{worst:.2%}",
            ]
        )
    report.say(
        f"### Regret: {WEEKLY * len(population.SEGMENTS)} invoices a week,"
        f" {len(list(seeds))} worlds"
    )
    report.say()
    report.say(
        "Invoices paid in time that were missed so far against whoever knew the best of"
        " nine ways from the start; outcomes are known after three weeks. «Worst»: the"
        " largest share ever lost against the plan as it is, in any world and week; the"
        f" guard rail is {rails.tolerance:.0%}."
    )
    report.say()
    report.table(
        ["Who chooses", *(f"week {week}" for week in shown), "gained", "worst"], rows
    )
    report.data.setdefault("optimiser", {})["regret"] = data


# === GUARD RAIL === #


def bench_rail(report, args):
    """How much is lost where every alternative is worse."""
    rails = Rails()
    runs = 10 if args.quick else args.rail_runs
    rows, data = [], {}
    for gap in (0.02, 0.05, 0.1, 0.3):
        worst, broken, shares = [], 0, []
        for seed in range(runs):
            most, lost, total, tried = _lose(0.8, 0.8 - gap, seed, rails)
            worst.append(most)
            broken += most > rails.tolerance
            shares.append(tried / total)
        rows.append(
            [
                f"{gap:.0%} worse",
                f"{sum(shares) / runs:.1%}",
                f"{sum(worst) / runs:.2%}",
                f"{max(worst):.2%}",
                f"{broken} of {runs}",
            ]
        )
        data[str(gap)] = {"worst": worst, "broken": broken}
    report.say("### Guard rail: the alternative is worse")
    report.say()
    report.say(
        "200 invoices a day for 60 days, 80 % of them paid in time with the plan as it"
        " is. Lost: share of all invoices so far, on the worst day."
    )
    report.say()
    report.table(
        ["Alternative", "tried with", "lost, mean", "lost, most", "beyond 1 %"], rows
    )
    report.data["optimiser"]["rail"] = data


def _lose(fixed, trial, seed, rails, days=60, daily=200):
    rng = Random(seed)
    hits, counts = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    lost = most = 0.0
    total = 0
    for _day in range(days):
        beliefs = {c: Beta(1, 1).after(hits[c], counts[c]) for c in "ab"}
        share = optimiser.allocate(
            beliefs["a"],
            {"b": beliefs["b"]},
            {"b": counts["b"]},
            total,
            daily,
            rails,
            rng,
            draws=100,
        )["b"]
        for _invoice in range(daily):
            code = "b" if rng.random() < share else "a"
            hits[code] += rng.random() < (trial if code == "b" else fixed)
            counts[code] += 1
            lost += (fixed - trial) if code == "b" else 0
        total += daily
        most = max(most, lost / total)
    return most, lost, total, counts["b"]


# === DOUBT === #


def bench_doubt(report, args):
    """False alarms of looking every day, and how often intervals hold the truth."""
    runs = 40 if args.quick else args.doubt_runs
    ours = naive = 0
    for seed in range(runs):
        one, other = _alarms(Random(seed))
        ours += one
        naive += other
    held = count = 0
    for seed in range(3 if args.quick else 20):
        world, rng = population.World(seed), Random(seed)
        tallies = {
            (segment, arm): world.serve(segment, arm, rng.choice((10, 60, 300)), rng)
            for segment in population.SEGMENTS
            for arm in rng.sample(world.arms(), 16)
        }
        table = optimiser.learn(tallies)
        for segment, arm in tallies:
            low, high = table.paid.belief(arm.key(segment)).interval(0.9)
            held += low <= world.rate(segment, arm) <= high
            count += 1
    report.say("### Doubt")
    report.say()
    report.table(
        ["What", "found", "said"],
        [
            [
                "False alarms, looked at on 30 days: Kvitt's interval",
                f"{ours / runs:.1%}",
                "at most 5 %",
            ],
            [
                "the same with the usual 95 % interval",
                f"{naive / runs:.1%}",
                "5 %",
            ],
            ["Pooled shares within their interval", f"{held / count:.1%}", "90 %"],
        ],
    )
    report.data["optimiser"]["doubt"] = {
        "runs": runs,
        "ours": ours,
        "naive": naive,
        "held": held,
        "count": count,
    }


def _alarms(rng, days=30, daily=40, share=0.75):
    """Whether a try without any effect ever seems to have one."""
    rows = []
    ours = naive = False
    for day in range(days):
        for nth in range(daily):
            rows.append(
                experiment.Row(
                    nth % 2 == 1,
                    str(day // 7),
                    day * daily + nth,
                    1,
                    int(rng.random() < share),
                )
            )
        found = experiment.compare(rows)
        ours |= found.verdict != experiment.OPEN
        rate = (found.rate_a + found.rate_b) / 2
        spread = (rate * (1 - rate) * (1 / found.count_a + 1 / found.count_b)) ** 0.5
        naive |= spread > 0 and abs(found.rate_b - found.rate_a) > 1.96 * spread
    return ours, naive


# === REPLAY === #


def bench_replay(report, args):
    """The plan that ran, exactly; other plans, beside what they really do."""
    count = 600 if args.quick else args.stories
    until = population.START + timedelta(days=150)
    calendar = population.calendar()
    everybody = population.customers(count, args.seed)
    stories = [
        population.live(customer, population.WATERFALL, calendar, until)
        for customer in everybody
    ]
    started = time.perf_counter()
    same = departures = 0
    actual = replay.Total()
    own = tuple(_renumbered(population.WATERFALL))
    for told in stories:
        found, was = (
            replay.replay(told, own, None, until),
            replay.recorded(told, until),
        )
        same += found == was
        departures += bool(found.departures)
        actual.add(was)
    exact_seconds = time.perf_counter() - started
    report.say("### Replay")
    report.say()
    report.say(
        f"The plan that ran, on {count} invoices with {actual.message_count:.0f}"
        f" messages: {same} as recorded, {departures} depart from the rules;"
        f" {count / exact_seconds:.0f} invoices/s."
    )
    report.say()
    report.say(
        "Other plans: replayed from the history of the first one, and what the same"
        " customers really do when sent through them. Payments cannot be known; the"
        " replay gives limits."
    )
    report.say()
    started = time.perf_counter()
    model = replay.observe(stories, until)
    observe_seconds = time.perf_counter() - started
    rows, data = [], {}
    for name, steps in REPLAYED.items():
        started = time.perf_counter()
        estimate, truth = replay.Total(), replay.Total()
        for told in stories:
            estimate.add(replay.replay(told, steps, model, until))
        seconds = time.perf_counter() - started
        for customer in everybody:
            truth.add(
                replay.recorded(
                    population.live(customer, steps, calendar, until), until
                )
            )
        low, high = sorted((actual.paid, estimate.paid))
        rows.append(
            [
                name,
                f"{estimate.message_count:.0f} / {truth.message_count:.0f}",
                f"{estimate.cost:.0f} / {truth.cost:.0f}",
                f"{estimate.opened / count:.1%} / {truth.opened / count:.1%}",
                f"{low / count:.1%}–{high / count:.1%} / {truth.paid / count:.1%}",
                f"{estimate.exact / count:.0%}",
                f"{count / seconds:.0f}",
            ]
        )
        data[name] = {
            "estimate": {
                key: getattr(estimate, key)
                for key in ("message_count", "cost", "opened", "paid", "paid_low")
            },
            "truth": {
                key: getattr(truth, key)
                for key in ("message_count", "cost", "opened", "paid")
            },
            "seconds": seconds,
        }
    report.table(
        [
            "Replayed / really",
            "messages",
            "cost",
            "opened in time",
            "paid in time",
            "as recorded",
            "invoices/s",
        ],
        rows,
    )
    report.data["optimiser"]["replay"] = {
        "stories": count,
        "same": same,
        "departures": departures,
        "exact_seconds": exact_seconds,
        "observe_seconds": observe_seconds,
        "plans": data,
    }


def _renumbered(steps):
    for at, step in enumerate(steps):
        yield plan.Step(
            1000 + at,
            step.channel,
            step.wait,
            step.unit,
            step.condition,
            step.at_once_on_failure,
            step.window,
        )


class _Pages(Report):
    """A report that is printed by whoever ordered it."""

    def say(self, text=""):
        self.lines.append(text)


def measure(_env, **sizes):
    """All of it; a task of the worker.

    :return: lines of the report, and its data
    """
    args, pages = Namespace(**sizes), _Pages()
    bench_regret(pages, args)
    bench_rail(pages, args)
    bench_doubt(pages, args)
    bench_replay(pages, args)
    return {"lines": pages.lines, "data": pages.data["optimiser"]}
