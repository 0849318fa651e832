"""The web application: hands one task to the workers of all nodes, and prints what each of them answers.

Arguments: the run, its slot, the list of the nodes, and for each node the port of its Redis.
"""

import json
import sys
from pathlib import Path

from celery import Celery

run, slot, nodes, *queues = sys.argv[1:]
nodes = json.loads(Path(nodes).read_text())
for node in nodes:
    node["sf_port"] += int(slot)
    node["spu_port"] += int(slot)
queues = [f"redis://127.0.0.1:{queue}/0" for queue in queues]
sent = [Celery(broker=queue, backend=queue).send_task("secure_sum", [run, nodes]) for queue in queues]
for answer in sent:
    print(answer.get(timeout=100))
