"""The clock of the machine."""

import time


class SystemClock:
    """`gateway.ports.Clock` on the operating system's time."""

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        return time.time()
