#!/usr/bin/env bash
# Train with several processes, one per GPU, or on CPUs (gloo) where there is none:
#   tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
# Several nodes: the same on each, with NNODES, NODE_RANK (0, 1, ...), MASTER_ADDR (node 0) and PORT set.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }

HERE=$(cd "$(dirname "$0")" && pwd)
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$2" \
    "$HERE/train.py" "$1" --launcher pytorch "${@:3}"
