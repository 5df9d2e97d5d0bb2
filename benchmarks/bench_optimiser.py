"""The optimiser and the replay on made-up customers of whom the truth is known.

What is measured is in :mod:`benchmarks.optimiser_worlds`; it needs the addon's rules
and no data, and runs in a process of its own like everything that needs Odoo.
"""

#: Sizes that the measuring takes over.
SIZES = ("quick", "seed", "worlds", "rail_runs", "doubt_runs", "stories")


def bench_optimiser(databases, args, report):
    """Regret, guard rail, doubt and replay."""
    report.say("## Optimiser, on customers of whom the truth is known")
    report.say()
    name = databases.clone("optimiser")
    found = databases.work(
        "optimiser", name, **{size: getattr(args, size) for size in SIZES}
    )
    databases.drop(name)
    for line in found["lines"]:
        report.say(line)
    report.data["optimiser"] = found["data"]


def add_arguments(parser):
    """Sizes of this part."""
    parser.add_argument("--worlds", type=int, default=8, help="worlds of the regret")
    parser.add_argument("--rail-runs", type=int, default=100, help="of each gap")
    parser.add_argument(
        "--doubt-runs", type=int, default=400, help="tries without effect"
    )
    parser.add_argument("--stories", type=int, default=20_000, help="invoices replayed")
