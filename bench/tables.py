"""Tables in Markdown, as they stand in `RESULTS.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, its rows as soon as they come."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(header)} |")
    print("|" + "---|" * len(header), flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def rate(per_second: float) -> str:
    """Requests a second."""
    return f"{per_second:,.0f}/s" if per_second >= 100 else f"{per_second:.1f}/s"


def ratio(of: float, to: float) -> str:
    """How many times one is the other."""
    times = of / to
    return f"{times:.2f}x" if times < 10 else f"{times:,.0f}x"
