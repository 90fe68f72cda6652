"""A worker process that dies at a failpoint: close, clean, commit, send, once.

Arguments: folder of the site, URL of its work database, failpoint or "".
"""

import os
import sys
from pathlib import Path
from time import sleep

from gateway.clock import SystemClock
from gateway.failpoints import arm
from gateway.send.sender import send_once
from tests.support.simulators import MemoryAudit, ScriptedSender
from tests.support.site import Site


def main(folder: str, work_url: str, failpoint: str) -> None:
    os.umask(0o077)
    clock = SystemClock()
    site = Site(Path(folder), work_url, clock=clock, batch=2)
    worker = site.worker()
    arm(failpoint)
    site.drain(worker)
    sender = ScriptedSender()
    while send_once(
        site.engine,
        destination="pacs",
        sender=sender,
        store=site.store,
        audit=MemoryAudit(),
        clock=clock,
        owner=worker.owner,
        pause=sleep,
    ):
        pass
    with (Path(folder) / "sent").open("ab") as sent:
        for content in sender.sent:
            sent.write(len(content).to_bytes(8, "big") + content)
    worker.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
