"""How much is tried: a little and always the same in every test run, much more by `make fuzz`.

`make fuzz` sets a seed for each of its rounds, and prints it: with it a round can be had again.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SEED = os.environ.get("FUZZ_SEED")

IS_LONG = _SEED is not None
SEED = int(_SEED or 1)

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

settings.register_profile(
    "fuzz",
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    phases=[__import__("hypothesis").Phase.generate]
    if os.environ.get("NOSHRINK")
    else list(__import__("hypothesis").Phase),
    suppress_health_check=_SLOW,
)


def examples(few: int, many: int) -> int:
    """How many examples to try: few in every run, many by `make fuzz`."""
    return many if IS_LONG else few
