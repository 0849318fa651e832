"""One run of a task: which rows of this party's table has the other one too? Nothing is learnt of the rest.

The worker says which run and slot this is; all parties of a run are given the same two.
"""

import argparse

import secretflow as sf
import sf_party

parser = argparse.ArgumentParser()
parser.add_argument("--run", required=True, help="the name of the run")
parser.add_argument("--slot", required=True, type=int, help="which of the planned ports to use")
parser.add_argument("--key", required=True, help="the column by which rows are the same")
parser.add_argument("--input", required=True)
parser.add_argument("--output", required=True)
args = parser.parse_args()

cluster = sf_party.init(job="task", slot=args.slot, run=args.run)
# Only the entries of this party are used here; every party starts this script with paths of its own.
reports = cluster.spu("spu").psi(
    keys={party: [args.key] for party in cluster.parties},
    input_path={party: args.input for party in cluster.parties},
    output_path={party: args.output for party in cluster.parties},
    receiver=cluster.parties[0],
    broadcast_result=True,
    protocol="PROTOCOL_RR22",
)
report = next(report for report in reports if report["party"] == cluster.party)
print(f"rows {report['original_count']} common {report['intersection_count']}")
sf.shutdown()
