"""Nothing that a library, an exception or a warning says reaches the log."""

import io
import json
import logging
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import disclosure
from rules.disclosure import FIELDS, Event, check, log, log_error

CANARY = "Müller^Canary"
_EVERY_WAY = """
    import gc, logging, sys, threading, warnings
    CANARY = "Müller^Canary"
    from rules.disclosure import install_hooks
    install_hooks()
    logging.getLogger("pynetdicom.dimse").error("identifier %s", CANARY)
    logging.getLogger("pydicom").warning(CANARY)
    logging.error(CANARY)
    logging.getLogger("broken").warning("%d", CANARY)
    warnings.warn(f"bad value {CANARY}")
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("uvicorn").exception("oops %s", CANARY)

    def fail():
        local = CANARY
        raise RuntimeError(f"in a thread: {local}")

    thread = threading.Thread(target=fail, name=CANARY)
    thread.start()
    thread.join()

    class Dying:
        def __del__(self):
            raise KeyError(CANARY)

    dying = Dying()
    del dying
    gc.collect()
    try:
        raise OSError(CANARY)
    except OSError as error:
        raise LookupError(CANARY) from error
"""


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Catch what our logger writes, and nothing else of the process."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(disclosure._Lines())
    logger = logging.getLogger("narthex")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_no_way_of_talking_says_the_value() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", textwrap.dedent(_EVERY_WAY)],
        capture_output=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 1
    assert CANARY not in said
    assert "Canary" not in said
    events = [json.loads(line) for line in said.splitlines()]
    assert [event["event"] for event in events] == [
        *["library"] * 4,
        "warning",
        "library",
        *["error"] * 3,
    ]
    assert [event["error"] for event in events if "error" in event] == [
        "UserWarning",
        "ValueError",
        "RuntimeError",
        "KeyError",
        "LookupError",
    ]
    assert events[0]["where"].startswith("pynetdicom.dimse:")


def test_the_hunt_would_find_the_value_without_the_hooks() -> None:
    code = textwrap.dedent(_EVERY_WAY).replace("install_hooks()", "pass")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        capture_output=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.stderr.decode().count(CANARY) >= 8


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    log(Event.OBJECT_HELD, object_id="abc", reason="identity.missing", count=3, seconds=0.5)
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "event": "object.held",
        "object_id": "abc",
        "reason": "identity.missing",
        "count": 3,
        "seconds": 0.5,
    }


def test_an_error_is_class_code_and_frames(stream: io.StringIO) -> None:
    class CodedError(Exception):
        code = "vault.sealed"

    def fail() -> None:
        raise CodedError(CANARY)

    try:
        fail()
    except CodedError as error:
        log_error(error, job_id="j1")
    line = json.loads(stream.getvalue())
    assert line["error"] == "CodedError"
    assert line["code"] == "vault.sealed"
    assert line["job_id"] == "j1"
    assert len(line["frames"]) == 2
    assert CANARY not in stream.getvalue()


def test_a_code_that_is_free_text_is_left_out(stream: io.StringIO) -> None:
    class TalkativeError(Exception):
        code = f"bad value {CANARY}"

    log_error(TalkativeError())
    assert "code" not in json.loads(stream.getvalue())


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"patient_name": "x"}, TypeError),
        ({"count": "three"}, TypeError),
        ({"count": True}, TypeError),
        ({"peer": 3}, TypeError),
        ({"peer": CANARY}, ValueError),
        ({"reason": "free text"}, ValueError),
        ({"frames": ("a:1", CANARY)}, ValueError),
        ({"object_id": "1" * 129}, ValueError),
    ],
)
def test_what_is_not_on_the_list_is_refused_and_not_quoted(
    fields: dict[str, disclosure.FieldValue], error: type[Exception], stream: io.StringIO
) -> None:
    with pytest.raises(error) as caught:
        log(Event.ERROR, **fields)
    assert CANARY not in str(caught.value)
    assert stream.getvalue() == ""


@given(name=st.text(), value=st.text())
def test_no_free_text_passes(name: str, value: str) -> None:
    """Only words pass: no space, no caret, nothing beyond ASCII."""
    try:
        check({name: value})
    except (TypeError, ValueError):
        return
    assert name in FIELDS
    assert value.isascii()
    assert not set(value) & set(" ^=\\\n\t'\"")


def test_deep_recursion_is_said_in_few_frames(stream: io.StringIO) -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        log_error(error)
    assert len(json.loads(stream.getvalue())["frames"]) == disclosure.FRAMES_AT_MOST
