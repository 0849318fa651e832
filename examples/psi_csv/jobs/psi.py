"""Both parties learn which rows of their own table the other one has too, and nothing about the rest.

Each party is given the paths of its own files. Prints how many rows it had and how many are common.
"""

import argparse

import secretflow as sf
import sf_party

parser = argparse.ArgumentParser()
parser.add_argument("--key", required=True, help="the column by which rows are the same")
parser.add_argument("--input", required=True)
parser.add_argument("--output", required=True)
args = parser.parse_args()

cluster = sf_party.init()
# Only the entries of this party are used here; every party runs this script with paths of its own.
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
