"""The Celery application of the task workers: a task is one run of a job on this node.

The web application sends the same task to every node, with the same run and slot. A slot is taken until the run is over;
who hands out slots is the web application, since it alone knows the runs of all nodes.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from celery import Celery

DATA, RESULTS = Path("/srv/tasks/in"), Path("/srv/tasks/out")
# Results older than a week are removed.
KEEP_SECONDS = 7 * 24 * 3600

password = quote(os.environ["REDIS_PASSWORD"], safe="")
broker = f"redis://:{password}@{os.environ['REDIS_HOST']}:{os.environ['REDIS_PORT']}/0"
app = Celery("tasks", broker=broker, backend=broker)
app.conf.update(
    # A task that was under way when its worker ended is not begun again: its peers have gone on without it.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    beat_schedule={"remove old results": {"task": "tasks.remove_old_results", "schedule": 3600.0}},
)


def _inside(folder: Path, name: str) -> str:
    """The path of a file of that name in the folder; names come from outside."""
    path = (folder / name).resolve()
    if path.parent != folder:
        raise ValueError(f"{name!r} is no name of a file in {folder}")
    return str(path)


@app.task
def psi(run: str, slot: int, key: str, table: str, result: str) -> str:
    """Finds the rows that the other node has too, by the column `key`; returns what the job printed."""
    command = [sys.executable, "jobs/psi.py", "--run", run, "--slot", str(slot), "--key", key]
    command += ["--input", _inside(DATA, table), "--output", _inside(RESULTS, result)]
    # A process of its own: SecretFlow keeps state that no second run in the same process may see.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the run {run} failed: {done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


@app.task
def remove_old_results() -> int:
    """Removes results that nobody has fetched for a week; returns how many."""
    oldest = time.time() - KEEP_SECONDS
    old = [file for file in RESULTS.glob("*.csv") if file.stat().st_mtime < oldest]
    for file in old:
        file.unlink()
    return len(old)
