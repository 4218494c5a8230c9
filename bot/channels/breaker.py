"""I keep a destination that is away from being asked by everybody at once: after some failures one tries for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

ENOUGH = 5  # failures in a row after which a destination rests
FIRST_REST, LONGEST_REST = 1.0, 60.0  # seconds of the first rest, and at most


def backed_off(tries: int, chance: Random, *, first: float = FIRST_REST, longest: float = LONGEST_REST) -> float:
    """Seconds to wait after so many failures: twice as long each time, and never the same for all."""
    return min(longest, first * 2.0 ** min(tries, 16)) * chance.uniform(0.75, 1.25)


class Breaker:
    """Of one destination. Closed: everything goes. Resting: nothing does, and then one try decides for all."""

    def __init__(self, chance: Random) -> None:
        """`chance` spreads the rests."""
        self._chance = chance
        self._failures = self._rests = 0
        self._trying = False
        self.until = 0.0  # when the rest ends

    @property
    def resting(self) -> bool:
        """Does it rest, or wait for the one try that decides?"""
        return self._rests > 0

    def allows(self, now: float) -> bool:
        """May something be sent now?"""
        return not self.resting or (now >= self.until and not self._trying)

    def begin(self) -> int:
        """Something is sent; the number is given back when it has ended."""
        self._trying = self.resting
        return self._rests

    def leave(self, begun: int) -> None:
        """What was begun was not sent after all."""
        if begun == self._rests:
            self._trying = False

    def succeed(self, begun: int) -> None:
        """It was there when this was begun: everything goes again, unless it has asked for a rest since."""
        if begun == self._rests:
            self._failures = self._rests = 0
            self._trying, self.until = False, 0.0

    def fail(self, begun: int, now: float, asked: float) -> bool:
        """A try failed; does it rest from now on? `asked`: seconds of rest that it named itself, 0 for none.

        Of many tries under way together the first ones decide: what the rest say by failing is known already.
        """
        if begun != self._rests:
            self.until = max(self.until, now + asked) if asked > 0.0 else self.until
            return False
        self._trying = False
        self._failures += 1
        if self._failures < ENOUGH and asked <= 0.0:
            return False
        self.until = now + (asked if asked > 0.0 else backed_off(self._rests, self._chance, longest=LONGEST_REST))
        self._rests += 1
        return True

    def set_back(self, now: float) -> None:
        """The clock was set back: a rest of before ends now, and one try decides."""
        self.until = min(self.until, now)
