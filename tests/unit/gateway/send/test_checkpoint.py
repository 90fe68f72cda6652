"""The association thread says that its pause is over before anybody can ask for another."""

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

from gateway.send.checkpoint import Checkpoint


def _paused() -> Any:  # noqa: ANN401  (stands for pynetdicom's Association)
    return cast("Any", SimpleNamespace(_is_paused=True))


def test_an_open_checkpoint_ends_the_pause() -> None:
    association = _paused()
    assert Checkpoint(association).wait()
    assert association._is_paused is False


def test_a_late_sleeper_does_not_pass_a_checkpoint_that_was_closed_again() -> None:
    association = _paused()
    checkpoint = Checkpoint(association)
    checkpoint.clear()
    passed = threading.Event()

    def thread() -> None:
        checkpoint.wait()
        passed.set()

    waiting = threading.Thread(target=thread)
    waiting.start()
    # opened and closed at once: either it passed and un-paused itself, or it still waits
    for _ in range(200):
        checkpoint.set()
        checkpoint.clear()
        if passed.is_set():
            break
        assert association._is_paused or passed.wait(5)
        time.sleep(0)
    checkpoint.set()
    waiting.join(5)
    assert passed.is_set()
    assert association._is_paused is False
