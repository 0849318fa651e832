"""A Celery worker of one node. All that it knows of its machine are the variables of the node's env file; a task names
all nodes of its run, with the ports of the slot that the web application has chosen for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from celery import Celery

queue = f"redis://{os.environ['REDIS_HOST']}:{os.environ['REDIS_PORT']}/0"
app = Celery("worker", broker=queue, backend=queue)
app.conf.broker_connection_retry_on_startup = True


@app.task(name="secure_sum")
def secure_sum(run, nodes):
    """Starts this node's side of a run, and returns the last line that it printed."""
    # A process of its own: SecretFlow keeps state that no second run in the same process may see.
    task = json.dumps({"run": run, "nodes": nodes})
    done = subprocess.run([sys.executable, Path(__file__).with_name("task.py"), task], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-4000:])
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    concurrency = os.environ["CELERY_WORKER_CONCURRENCY"]
    app.worker_main(["worker", "--loglevel", os.environ["LOG_LEVEL"], "--concurrency", concurrency])
