#!/usr/bin/env bash
# The stacks that are deployed, as a workflow's output: each Pulumi.NAME.yaml but the local one.
set -euo pipefail
cd "$(dirname "$0")/.."
names=()
for file in Pulumi.*.yaml; do
  name=${file#Pulumi.}
  name=${name%.yaml}
  [[ $name == local ]] || names+=("\"$name\"")
done
(IFS=,; echo "stacks=[${names[*]}]")
