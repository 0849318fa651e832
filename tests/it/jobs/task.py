"""One node's side of a run: the sum of what the two nodes have, as its task and its env file describe the federation."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import secretflow as sf

task = json.loads(sys.argv[1])
me, nodes = os.environ["NODE_ID"], {node["node_id"]: node for node in task["nodes"]}
tree = Path(os.environ["SFGEN_TREE"])
plan = json.loads((tree / me / "plan.json").read_text())
tls = {"ca": str(tree / me / "tls/peers.pem"), "cert": f"pki/{me}/node.pem", "key": f"keys/{me}/node.key"}
tls = {name: str(Path(path).resolve()) for name, path in tls.items()}


def own_port(role, port):
    """The port of the slot, which must lie in the range that the env file has for it."""
    first, last = (int(os.environ[f"{role}_PORT_RANGE_{end}"]) for end in ("START", "END"))
    assert first <= port <= last, f"{role}: {port} is not in {first} to {last}"
    return port


parties = {name: {"address": f"{node['node_ip']}:{node['sf_port']}"} for name, node in nodes.items()}
parties[me]["listen_addr"] = f"0.0.0.0:{own_port('SF', nodes[me]['sf_port'])}"
sf.init(
    address=os.environ["RAY_HEAD_ADDRESS"],
    cluster_config={"parties": parties, "self_party": me},
    job_name=task["run"],
    tls_config={"ca_cert": tls["ca"], "cert": tls["cert"], "key": tls["key"]},
    cross_silo_comm_options=plan["secretflow"]["init"]["cross_silo_comm_options"],
    log_to_driver=False,
)


def spu_node(name, node):
    """A member of the SPU; how a peer listens is the peer's own affair."""
    member = {"party": name, "address": f"{node['node_ip']}:{node['spu_port']}"}
    if name == me:
        files = {"ca_file_path": tls["ca"], "certificate_path": tls["cert"], "private_key_path": tls["key"]}
        options = {**files, "verify_depth": 1}
        member["listen_address"] = f"0.0.0.0:{own_port('SPU', node['spu_port'])}"
        member["tls_opts"] = {"server_ssl_opts": options, "client_ssl_opts": options}
    return member


members = [spu_node(name, node) for name, node in sorted(nodes.items())]
spu = sf.SPU({"nodes": members, "runtime_config": {"protocol": "SEMI2K", "field": "FM64"}})
x = sf.PYU("node1")(lambda: np.array([1.0, 2.0]))().to(spu)
y = sf.PYU("node2")(lambda: np.array([10.0, 20.0]))().to(spu)
print("sum", sf.reveal(spu(lambda a, b: a + b)(x, y)), flush=True)
sf.shutdown()
