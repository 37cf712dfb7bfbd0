# Sourced by slurm_train.sh and slurm_test.sh.

# slurm_run PARTITION JOB_NAME SCRIPT [arguments]: the script with GPUS tasks, GPUS_PER_NODE of them on a node.
slurm_run() {
    local gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8} partition=$1 job=$2
    shift 2
    local resources=()
    if [ "$per_node" -gt 0 ]; then
        [ "$per_node" -le "$gpus" ] || per_node=$gpus
        resources=(--gres="gpu:$per_node" --ntasks-per-node="$per_node")
    fi
    # SRUN_ARGS is a list of words
    # shellcheck disable=SC2086
    srun --partition="$partition" --job-name="$job" --ntasks="$gpus" "${resources[@]}" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
        python -u "$@"
}
