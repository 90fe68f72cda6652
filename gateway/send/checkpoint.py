"""Keep pynetdicom's association thread from taking the answer to our C-STORE.

Before a request pynetdicom 3.0 clears a checkpoint and waits until its association
thread says that it pauses there. After the request it sets the checkpoint. If the next
request comes before the thread woke up, the flag of the last pause still stands: the
request believes the thread paused while it runs on, and takes the answer. The request
then waits for its whole time-out, and the batch is sent again.
"""

import threading

from pynetdicom.association import Association


class Checkpoint(threading.Event):
    """A checkpoint that is passed and un-paused in one step.

    Parameters
    ----------
    association : Association
    """

    def __init__(self, association: Association) -> None:
        super().__init__()
        self._association = association
        self._gate = threading.Lock()
        self.set()

    def clear(self) -> None:
        """Close the checkpoint; whoever passes it now has said so before."""
        with self._gate:
            super().clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the checkpoint is open, and say that the pause is over."""
        while True:
            super().wait(timeout)
            with self._gate:
                if self.is_set():
                    self._association._is_paused = False  # noqa: SLF001  (there is no other way)
                    return True
