"""An afternoon's work on the demo's notebook: how a cup of coffee cools."""

import math
import random
from collections.abc import Callable
from textwrap import dedent
from typing import NamedTuple

from demo_notebook import DemoNotebook


class Step(NamedTuple):
    """What somebody does before saving."""

    edit: Callable[[DemoNotebook], None]
    message: str = ""
    minutes: int | None = None
    """Of measurements that there are from now on."""


def measurements(minutes: int) -> str:
    """What the thermometer wrote in so many minutes, every ten seconds: lines of minute and degrees."""
    noise = random.Random(7)  # noqa: S311 - the same in every demo
    times = [second / 60 for second in range(0, 60 * minutes, 10)]
    return "".join(f"{x:.2f},{20 + 65 * math.exp(-x / 22) + noise.gauss(0, 1.5):.1f}\n" for x in times)


def _code(name: str, source: str) -> Callable[[DemoNotebook], None]:
    return lambda notebook: notebook.code(name, dedent(source).strip())


def _text(name: str, source: str) -> Callable[[DemoNotebook], None]:
    return lambda notebook: notebook.text(name, dedent(source).strip())


def _beginning(notebook: DemoNotebook) -> None:
    _text("title", "# How a cup of coffee cools")(notebook)
    _code(
        "read",
        """
        import csv
        import math

        from demo_plot import Figure, Table

        with open("cup.csv", newline="") as file:
            data = [(float(minute), float(degrees)) for minute, degrees in csv.reader(file)]
        print(f"{len(data)} measurements, the last after {data[-1][0]} minutes")
        """,
    )(notebook)


def _rerun(_notebook: DemoNotebook) -> None:
    """Only run it again, with the measurements that came in meanwhile."""


STEPS = (
    Step(_beginning, "read the measurements", minutes=45),
    Step(_code("plot", "Figure(data)"), "look at them"),
    Step(_rerun, minutes=70),
    Step(
        _code(
            "fit",
            """
            def fit(points):
                # a straight line through the logarithms, by least squares
                logs = [(x, math.log(y - 20)) for x, y in points]
                n, sx, sy = len(logs), sum(x for x, _ in logs), sum(y for _, y in logs)
                sxx, sxy = sum(x * x for x, _ in logs), sum(x * y for x, y in logs)
                slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
                return math.exp((sy - slope * sx) / n), -1 / slope

            start, minutes = fit(data)
            print(f"{start:.1f} degrees above the room's, and a time constant of {minutes:.1f} minutes")
            """,
        ),
        "first try of a fit",
    ),
    Step(
        _code(
            "fit",
            """
            def fit(points):
                # a straight line through the logarithms, by least squares; colder points are mostly noise
                logs = [(x, math.log(y - 20)) for x, y in points if y > 30]
                n, sx, sy = len(logs), sum(x for x, _ in logs), sum(y for _, y in logs)
                sxx, sxy = sum(x * x for x, _ in logs), sum(x * y for x, y in logs)
                slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
                return math.exp((sy - slope * sx) / n), -1 / slope

            start, minutes = fit(data)
            print(f"{start:.1f} degrees above the room's, and a time constant of {minutes:.1f} minutes")
            """,
        ),
        "fit only what is warm",
    ),
    Step(
        _code("plot-fit", "Figure(data, lambda x: 20 + start * math.exp(-x / minutes), size=(900, 480))"),
        "draw the fit",
    ),
    Step(_rerun, minutes=90),
    Step(
        _code(
            "errors",
            """
            def error(low, high):
                found = [y - 20 - start * math.exp(-x / minutes) for x, y in data if low <= x < high]
                return sum(found) / len(found), max(map(abs, found))

            Table(
                ["from minute", "mean error", "largest"],
                [(low, *error(low, low + 10)) for low in range(0, 90, 10)],
            )
            """,
        ),
        "where is the fit bad?",
    ),
    Step(_text("title", "# How a cup of coffee cools\n\nNewton's law of cooling, in a kitchen."), "say what it is"),
    Step(
        _code(
            "errors",
            """
            def error(low, high):
                found = [y - 20 - start * math.exp(-x / minutes) for x, y in data if low <= x < high]
                return sum(found) / len(found), max(map(abs, found))

            Table(
                ["from minute", "mean error", "largest"],
                [(low, *error(low, low + 30)) for low in range(0, 90, 30)],
            )
            """,
        ),
        "fewer rows",
    ),
    Step(_text("end", "The cup loses **two thirds** of its warmth in 22 minutes."), "what came out"),
)
"""In order; after each the notebook is run and saved."""
