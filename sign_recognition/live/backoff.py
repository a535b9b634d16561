"""How long a program that died is left alone."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_S = 0.5
_LONGEST_S = 10.0
# A program that ran this long was healthy: its next death is a first one again.
_HEALTHY_S = 30.0


@dataclass
class Backoff:
    """Twice as long after each death that follows another one, up to a bound.

    Attributes:
        deaths: one after the other.
    """

    deaths: int = 0

    def after_s(self, lived_s: float) -> float:
        """How long to wait until a program that has died is started again, seconds.

        Args:
            lived_s: how long it ran.
        """
        self.deaths = 1 if lived_s > _HEALTHY_S else self.deaths + 1
        return min(_FIRST_S * float(2 ** (self.deaths - 1)), _LONGEST_S)
