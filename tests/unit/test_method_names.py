"""Addons that do not know each other give no method of a model the same name.

Installed together, one of the two would silently take the other's place.
"""

import ast
from collections import defaultdict
from itertools import combinations
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"


def dependencies():
    """Return all that each addon builds on, by its name."""
    direct = {
        manifest.parent.name: set(ast.literal_eval(manifest.read_text())["depends"])
        for manifest in ADDONS.glob("*/__manifest__.py")
    }

    def of(name):
        return set().union({name}, *(of(one) for one in direct.get(name, ())))

    return {name: of(name) for name in direct}


def model_of(body):
    """Return the one model that a class is of, or extends; None for other classes."""
    names = {
        node.targets[0].id: node.value.value
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("_name", "_inherit")
        and isinstance(node.value, ast.Constant)
    }
    return names.get("_name") or names.get("_inherit")


def methods():
    """Yield model, method and addon of all that do not call the method before them."""
    for file in ADDONS.glob("*/*/*.py"):
        for node in ast.parse(file.read_text()).body:
            model = isinstance(node, ast.ClassDef) and model_of(node.body)
            for part in node.body if model else ():
                if isinstance(part, ast.FunctionDef):
                    if "super()" not in ast.unparse(part):
                        yield model, part.name, file.relative_to(ADDONS).parts[0]


def test_no_method_takes_the_place_of_a_strangers():
    known = dependencies()
    owners = defaultdict(set)
    for model, method, addon in methods():
        owners[model, method].add(addon)
    clashes = [
        f"{model}.{method}: {one} and {other}"
        for (model, method), addons in sorted(owners.items())
        for one, other in combinations(sorted(addons), 2)
        if one not in known[other] and other not in known[one]
    ]
    assert clashes == []
