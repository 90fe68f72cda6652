"""A rough day of a whole node, and no word of the patients anywhere afterwards.

One node runs through success and every failure that we know; then all that it left or
said is searched. Each kind of failure must really have happened: reasons and events are
compared.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.support import odd_phantoms as odd
from tests.support import rough_sender as sender
from tests.support.appliance import free_port, wait_until
from tests.support.canaries import SCRIPTS, SOP_CLASSES, Identity, Phantom, draw, phantom
from tests.support.hunt import Finding, Hunt, Record, Sink, Tree
from tests.support.planting import ENCODINGS
from tests.support.rough_recipient import Recipient, recipient
from tests.support.watched_node import CHILD, RECEIVER, WatchedNode, watched_node

pytestmark = pytest.mark.slow

_SETTINGS = """
[work]
child_memory_mb = 192
child_cpu_seconds = 20

[[peers]]
name = "good"
ae_title = "GOOD"
address = "127.0.0.1"
quiet_seconds = 0

[[peers]]
name = "keeps"
ae_title = "KEEPS"
address = "127.0.0.1"
quiet_seconds = 0

[[peers]]
name = "unrouted"
ae_title = "UNROUTED"
address = "127.0.0.1"
quiet_seconds = 0

[[peers]]
name = "unlucky"
ae_title = "UNLUCKY"
address = "127.0.0.1"
quiet_seconds = 0

[[projects]]
name = "research"
rules = "basic"
match = {{ peers = ["good"] }}
destinations = ["recipient"]

[[projects]]
name = "keeping"
rules = "{rules}"
match = {{ peers = ["keeps"] }}
destinations = ["recipient"]

[[projects]]
name = "unlucky"
rules = "basic"
match = {{ peers = ["unlucky"] }}
destinations = ["refuser", "nobody"]

[[destinations]]
name = "recipient"
host = "127.0.0.1"
port = {recipient}
ae_title = "RECIPIENT"

[[destinations]]
name = "refuser"
host = "127.0.0.1"
port = {refuser}
ae_title = "RECIPIENT"

[[destinations]]
name = "nobody"
host = "127.0.0.1"
port = {nobody}
ae_title = "NOBODY"
"""

_RULES = "name: keeping\nprofile: basic\nrules:\n  - {tags: [ImageComments], action: K}\n"
_SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
)
_DISK_BYTES = 1 << 20
SINKS = (
    "log",
    "stdout",
    "database.work",
    "database.audit",
    "database.vault",
    "database.keyring",
    "spool",
    "archive",
    "state",
    "temporary",
    "http",
    "terminal",
    "processes",
    "recipient",
    "recipient.commands",
)


@dataclass
class Day:
    """What the day left."""

    identity: Identity
    author: Identity
    sinks: dict[str, Sink]
    core_bytes: set[str]
    held: Counter[str]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Run the day."""
    folder = tmp_path_factory.mktemp("node")
    identity, author = draw(), draw()
    rules = folder / "rules.yaml"
    rules.write_text(_RULES)
    with (
        recipient(folder / "received") as fine,
        recipient(folder / "refused", comment=f"No {identity.word}") as refuser,
    ):
        settings = _SETTINGS.format(
            rules=rules, recipient=fine.port, refuser=refuser.port, nobody=free_port()
        )
        with watched_node(folder, settings) as node:
            day = _Steps(node, identity, author, fine, refuser, rules)
            day.run()
            node.look()
            held = day.reasons()
            assert node.running.stop() == 0
        sinks: dict[str, Sink] = {sink.name: sink for sink in node.sinks()}
        sinks["recipient"] = Tree("recipient", fine.folder)
        said = [*fine.called, *refuser.called]
        sinks["recipient.commands"] = Record("recipient.commands", said)
        yield Day(identity, author, sinks, node.core_bytes, held)


@dataclass
class _Steps:
    """The steps of the day, in order."""

    node: WatchedNode
    identity: Identity
    author: Identity
    fine: Recipient
    refuser: Recipient
    rules: Path

    def run(self) -> None:
        for step in (
            self.success,
            self.odd_objects,
            self.strangers,
            self.bad_manners,
            self.web,
            self.limits,
            self.destinations,
            self.sealed,
            self.commands,
            self.lost_tables,
            self.full_disk,
            self.refused_rules,
        ):
            step()

    def reasons(self) -> Counter[str]:
        """Return the held objects by reason."""
        listed = self.node.running.narthex("quarantine", "list", "--json").stdout.splitlines()
        return Counter(json.loads(line)["reason"] for line in listed)

    def send(self, *objects: Phantom, calling: str = "GOOD") -> list[int]:
        return sender.send(self.node.port, *objects, calling=calling)

    def success(self) -> None:
        objects = [
            phantom(
                self.identity,
                f"s{chr(97 + number)}",
                modality=modality,
                script=list(SCRIPTS)[number % len(SCRIPTS)],
                syntax=_SYNTAXES[number % len(_SYNTAXES)],
            )
            for number, modality in enumerate(SOP_CLASSES)
        ]
        assert set(self.send(*objects)) == {0}
        self.node.settle()
        assert self.node.running.metric("narthex_objects", state="held") == 0
        wait_until(lambda: self.fine.count == len(objects), "the objects to arrive")

    def odd_objects(self) -> None:
        identity = self.identity
        self.send(*odd.malformed(identity))
        self.send(*odd.odd(identity))
        self.send(odd.without_patient_id(identity), odd.in_another_syntax(identity))
        self.send(*odd.two_identities(identity))
        self.send(*odd.conflicting_copies(identity))
        self.send(odd.named_in_codestream(identity), odd.nested(identity))
        self.send(odd.kept_outside_table(identity))
        self.send(odd.kept_by_rule(identity), calling="KEEPS")
        self.send(phantom(identity, "ua"), calling="UNROUTED")
        self.node.settle()

    def strangers(self) -> None:
        word, port = self.identity.word, self.node.port
        one = phantom(self.identity, "xa")
        for titles in ({"calling": word}, {"calling": "GOOD", "called": word}):
            with sender.associated(port, [one], username=word, **titles) as association:
                assert not association.is_established
        self.node.wait_for("association.rejected", more_than=1)

    def bad_manners(self) -> None:
        word, port = self.identity.word, self.node.port
        one = phantom(self.identity, "xb")
        for uid in (word, f"{word}.{self.identity.number}", self.identity.uid):
            with sender.associated(port, [one], calling="GOOD", username=word) as association:
                sender.store(association, one, sop_instance_uid=uid)
        with sender.associated(port, [one], calling="GOOD") as association:
            sender.find(association, one)
        with sender.associated(port, [one], calling="GOOD") as association:
            sender.hang_up_within(association, one.encoded[:2000])
            association.abort()
        for text in (word.encode() * 20, b"\x01\x00\x00\x00\x00\x50" + word.encode() * 9):
            sender.say(port, text)

    def web(self) -> None:
        word, number = self.identity.word, self.identity.number
        for page in (
            word,
            f"metrics?patient={word}",
            f"healthz/{number}",
            f"readyz/?{word}={number}",
        ):
            self.node.ask(page)
            self.node.ask(page, method="POST", content=word, headers={"X-Patient": word})
        self.node.ask("metrics", headers={"Cookie": f"patient={word}", "Accept": word})
        for text in (
            f"GET /{word} {word}\r\n\r\n",
            f"GET / HTTP/1.1\r\n{word}\r\n\r\n",
            f"{word} /{word} HTTP/1.1\r\nHost: x\r\nContent-Length: {word}\r\n\r\n",
        ):
            self.node.http.plant(sender.say(self.node.running.web_port, text.encode()))

    def limits(self) -> None:
        self.node.look()
        self.node.kill_children()
        self.send(phantom(self.identity, "ka"), odd.bomb(self.identity))
        self.node.settle()
        self.node.wait_for("child.died")

    def destinations(self) -> None:
        self.send(phantom(self.identity, "ra"), calling="UNLUCKY")
        wait_until(lambda: self.refuser.refused > 0, "a refusal")
        self.node.wait_for("send.failed", destination="nobody")

    def sealed(self) -> None:
        assert self.node.tell("vault", "seal") == 0
        self.send(phantom(self.identity, "ea"))
        self.node.wait_for("job.postponed")
        self.node.ask("readyz")
        assert self.node.tell("vault", "unseal") == 0
        self.node.settle()

    def commands(self) -> None:
        for words in (
            ("doctor",),
            ("vault", "status", "--json"),
            ("quarantine", "list"),
            ("quarantine", "list", "--json"),
            ("quarantine", "release", "--reason", "identity.conflict"),
            ("serve",),
        ):
            self.node.tell(*words)
        self.node.settle()
        for page in ("healthz", "readyz", "metrics"):
            self.node.ask(page)

    def lost_tables(self) -> None:
        """Exceptions of each process: receiver and web, worker, broker."""
        with self.node.missing_table("work", "spool_object"):
            assert 0 not in self.send(phantom(self.identity, "ta"))
            assert self.node.ask("metrics").status_code == 500
        with self.node.missing_table("audit", "audit_event"):
            self.send(phantom(self.identity, "tb"))
        with self.node.missing_table("vault", "subject_record"):
            self.send(phantom(self.identity, "tc"))
            self.node.wait_for("job.postponed", reason="vault.unavailable")
        self.node.settle()

    def full_disk(self) -> None:
        refused = self.node.count("object.refused")
        with self.node.full_disk(RECEIVER, at_bytes=16 * _DISK_BYTES):
            pixels = bytes(20 * _DISK_BYTES)
            assert self.send(phantom(self.identity, "lb", pixels=pixels)) == [0xA700]
        self.node.wait_for("object.refused", more_than=refused)
        with self.node.full_disk(CHILD, at_bytes=_DISK_BYTES):
            self.send(odd.large_when_inflated(self.identity, 3 * _DISK_BYTES))
            self.node.wait_for("job.postponed", reason="archive.full")
        self.node.settle()

    def refused_rules(self) -> None:
        """The rule set is spoilt under a running worker; its author sees the words elsewhere."""
        word = self.author.word
        ends = self.node.count("child.died", component="work-1")
        self.rules.write_text(
            f"name: keeping\nprofile: {word}\noptions: [{word}]\nrules:\n"
            f"  - {{tags: ['{word}'], action: {word}, when: 'PatientName ~ {word}'}}\n{word}: 1\n"
        )
        self.node.kill_children()
        self.send(phantom(self.identity, "wa"))
        self.node.wait_for("child.died", component="work-1", more_than=ends + 1)
        self.rules.write_text(_RULES)
        self.node.settle()


@pytest.mark.parametrize("name", SINKS)
def test_no_canary_is_in(name: str, day: Day) -> None:
    hunt = Hunt((*day.identity.canaries, *day.author.canaries))
    assert _say(hunt.sinks([day.sinks[name]])) == []


def test_every_failure_happened(day: Day) -> None:
    expected = {
        "metadata.malformed",
        "metadata.limit",
        "identity.missing",
        "identity.conflict",
        "duplicate.conflict",
        "verify.identity",
        "routing.unmatched",
        "child.died",
    }
    assert expected - set(day.held) == set()


def test_no_process_may_leave_a_core_dump(day: Day) -> None:
    assert day.core_bytes == {"0"}


@pytest.mark.parametrize("encoding", ["plain", "utf-16", "base64-1", "pickle", "zlib"])
@pytest.mark.parametrize("name", SINKS)
def test_a_canary_would_be_found_in(name: str, encoding: str, day: Day) -> None:
    planted = draw()
    sink = day.sinks[name]
    sink.plant(ENCODINGS[encoding](planted))
    found = {finding.kind for finding in Hunt(planted.canaries).sinks([sink])}
    assert found >= {"word", *SCRIPTS}


def _say(findings: Counter[Finding]) -> list[Finding]:
    """Return what may be said of findings: no word of them."""
    return sorted(findings)
