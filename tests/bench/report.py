# SPDX-License-Identifier: GPL-2.0-or-later

"""From samples to figures, and from figures to Markdown and JSON."""

import dataclasses
import json
import statistics
from typing import Any, Callable, Mapping, Optional, Sequence

from measure import Outcome, Samples

Reduce = Callable[[Sequence[float]], float]

MIN_DIGITS = 3


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # in the JSON
    title: str
    samples: str  # the key of what it is made of
    reduce: Reduce = statistics.median
    unit: str = "s"
    target: Optional[float] = None  # at most; of ours
    factor: Optional[float] = None  # stock's figure is at least so many times ours
    stock: Optional[str] = None  # what stock is compared by, where it has none of its own

    def figure(self, samples: Samples, is_stock: bool = False) -> Optional[float]:
        key = self.stock if is_stock and self.stock else self.samples
        return self.reduce(samples[key]) if key in samples else None


@dataclasses.dataclass(frozen=True)
class RatioRow:
    """One row's figure in terms of another's."""

    name: str
    title: str
    over: Row
    under: Row
    unit: str = "times"
    target: Optional[float] = None  # at most; of ours
    factor: Optional[float] = None
    stock: Optional[str] = None

    def figure(self, samples: Samples, is_stock: bool = False) -> Optional[float]:
        over, under = (row.figure(samples, is_stock) for row in (self.over, self.under))
        return over / under if over and under else None


TRUE = Row("true-median", "`true`, median of 100", "true")
SPAWN = Row("spawn", "fork/exec of `true`, measured in the guest, median of 200", "spawn")

WARM = Row("open-warm", "open, warm (stock: cold)", "open-warm", target=1.5, stock="open")
MANY = Row("many", "4 testbeds opened at once (ours: warm)", "many")
MANY_MEMORY = Row("many-memory", "memory of 4 testbeds", "many-memory", unit="MiB")
HALF_MEMORY = Row("half-memory", "memory of 2 testbeds", "half-memory", unit="MiB")

ROWS: tuple[Row | RatioRow, ...] = (
    Row("startup", "start-up, from spawn to banner", "startup"),
    Row("open", "open, cold", "open"),
    Row("revert", "revert", "revert"),
    Row("open-making", "open that makes the warm pair (stock: cold)", "open-making", stock="open"),
    WARM,
    Row("revert-warm", "revert, warm (stock: cold)", "revert-warm", target=1.5, stock="revert"),
    Row("package", "autopkgtest 6.0, a package with 5 tests (ours: warm)", "package", factor=5),
    MANY,
    RatioRow("many-to-one", "4 at once to one", MANY, WARM, target=3),
    MANY_MEMORY,
    HALF_MEMORY,
    RatioRow("memory-ratio", "memory of 4 to that of 2", MANY_MEMORY, HALF_MEMORY, target=1.5),
    Row("reboot", "reboot", "reboot"),
    TRUE,
    Row("true-max", "`true`, longest of 100", "true", max),
    Row("true-total", "`true`, 100 in all", "true", sum),
    SPAWN,
    RatioRow("true-to-spawn", "`true`'s median to fork/exec in the guest", TRUE, SPAWN),
    Row("parallel", "4 × `sleep 2` at once", "parallel"),
    Row("killed", "`true` after a killed `sleep 37`", "killed"),
    Row("file-down", "copydown, file of 100 MB", "file-down"),
    Row("file-up", "copyup, file of 100 MB", "file-up"),
    Row("tree-down", "copydown, tree of 500 small files", "tree-down"),
    Row("tree-up", "copyup, tree of 500 small files", "tree-up"),
    Row("many-down", "copydown, 1089 files of 100 kB", "many-down"),
    Row("many-up", "copyup, 1089 files of 100 kB", "many-up"),
    Row("close", "close", "close"),
    Row("quit", "quit", "quit"),
    Row("memory", "server's peak memory, with libraries", "memory", max, "MiB"),
    Row("own-memory", "its memory at the end, without", "own-memory", max, "MiB"),
)

SIDES = ("stock", "ours")


# --- figures in words ----------------------------------------------------------


def digits(value: float) -> str:
    """Three significant ones at least, and all before the point."""
    before = len(str(int(value))) if value >= 1 else 0
    return f"{value:.{max(0, MIN_DIGITS - before)}f}"


def show(value: Optional[float], unit: str) -> str:
    if value is None:
        return "–"
    if unit == "s" and value < 1:
        return f"{digits(value * 1000)} ms"
    return f"{digits(value)} ×" if unit == "times" else f"{digits(value)} {unit}"


def ratio(stock: Optional[float], ours: Optional[float]) -> Optional[float]:
    return stock / ours if stock and ours else None


def figures(row: Row | RatioRow, outcomes: Mapping[str, Outcome]) -> list[Optional[float]]:
    return [row.figure(outcomes[side].samples, side == "stock") if side in outcomes else None
            for side in SIDES]


def is_met(row: Row | RatioRow, stock: Optional[float], ours: Optional[float]) -> Optional[bool]:
    """None: it has no aim, or no figure."""
    if row.target is not None and ours is not None:
        return ours <= row.target
    times = ratio(stock, ours)
    return None if row.factor is None or times is None else times >= row.factor


# --- Markdown ------------------------------------------------------------------


def table_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def show_aim(row: Row | RatioRow, met: Optional[bool]) -> str:
    if met is None:
        return ""
    aim = f"≥ {row.factor:g} × quicker" if row.factor else f"≤ {show(row.target, row.unit)}"
    return aim if met else f"{aim}: missed"


def table(outcomes: Mapping[str, Outcome]) -> list[str]:
    lines = [table_line(["", *SIDES, "stock ÷ ours", "aim"]), "|---|--:|--:|--:|--:|"]
    for row in ROWS:
        stock, ours = figures(row, outcomes)
        if ours is None and (stock is None or row.stock):
            continue
        cells = [row.title, show(stock, row.unit), show(ours, row.unit)]
        cells += [show(ratio(stock, ours), "times"), show_aim(row, is_met(row, stock, ours))]
        lines.append(table_line(cells))
    return lines


def failures_of(side: str, outcome: Outcome) -> list[str]:
    lines = [f"* {side}: {step}: {why}" for step, why in outcome.failures.items()]
    if outcome.not_run:
        steps = ", ".join(dict.fromkeys(outcome.not_run))
        lines.append(f"* {side}: not run, as the server was lost: {steps}")
    return lines


def failure_lines(outcomes: Mapping[str, Outcome]) -> list[str]:
    lines = [line for side, outcome in outcomes.items() for line in failures_of(side, outcome)]
    return ["", "Failed:", "", *lines] if lines else []


def markdown(facts: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> str:
    loads = ", ".join(f"{outcome.load:.1f} ({side})" for side, outcome in outcomes.items())
    lines = [f"* {name}: {value}" for name, value in facts.items()]
    lines += [f"* load before: {loads}", "", *table(outcomes), *failure_lines(outcomes)]
    return "\n".join(lines) + "\n"


# --- JSON ----------------------------------------------------------------------


def rounded(value: Optional[float]) -> Optional[float]:
    return None if value is None else round(value, 6)


def row_as_json(row: Row | RatioRow, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    stock, ours = figures(row, outcomes)
    return {
        "unit": row.unit,
        "stock": rounded(stock),
        "ours": rounded(ours),
        "ratio": rounded(ratio(stock, ours)),
        "met": is_met(row, stock, ours),
    }


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    samples = {key: [rounded(one) for one in some] for key, some in outcome.samples.items()}
    return {**dataclasses.asdict(outcome), "samples": samples}


def as_json(facts: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> str:
    whole = {
        "machine": facts,
        "figures": {row.name: row_as_json(row, outcomes) for row in ROWS},
        "runs": {side: outcome_as_json(outcome) for side, outcome in outcomes.items()},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
