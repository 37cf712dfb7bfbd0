#!/usr/bin/env bash
# Train under Slurm:
#   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS="..."] \
#   tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/train.py]
# GPUS is the number of processes; GPUS_PER_NODE=0 asks for none: all processes on CPUs (gloo).
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }

HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/slurm_common.sh"
slurm_run "$1" "$2" "$HERE/train.py" "$3" --work-dir="$4" --launcher=slurm "${@:5}"
