#!/usr/bin/env bash
# Test under Slurm:
#   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS="..."] \
#   tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
# GPUS is the number of processes; GPUS_PER_NODE=0 asks for none: all processes on CPUs (gloo).
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }

HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/slurm_common.sh"
slurm_run "$1" "$2" "$HERE/test.py" "$3" "$4" --launcher=slurm "${@:5}"
