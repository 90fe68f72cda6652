"""The journey of one job: from the spool to the archive and the outbox.

Commit order: vault (durable when it answers), archive files, one transaction, spool
deletion. Every step may be repeated after a crash with the same result: contexts come
from the vault, names from a secret, times from the job record.

What can't be cleaned is held with a reason code; an erased subject is refused. A sealed
vault, a full disk or a lost database stop the job, not the object: it is tried again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore, Workspace, object_name
from gateway.errors import (
    ArchiveFullError,
    LostLeaseError,
    SealedError,
    SpoolDamagedError,
    SubjectErasedError,
)
from gateway.failpoints import failpoint
from gateway.ports import AuditLog, Clock, SubjectKey, Vault
from gateway.spool.reader import read_wrapped_key
from gateway.work import ledger
from gateway.work.child_process import ChildDiedError, ChildProcess, ChildStartError
from gateway.work.leases import Job, finish, renew
from gateway.work.ledger import Outcome, Release, SpoolObject
from gateway.work.routing import Route, routes_of, routing_attributes
from pipelines.context import SubjectContext
from rules.disclosure import Event, log, log_error
