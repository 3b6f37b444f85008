# shellcheck shell=bash
# MAMBASYNTH_ENV=jobs/site/infiniband.sh sbatch ...   (or source it from your own file)
# MPI over UCX and NCCL over InfiniBand or RoCE verbs. Both refuse to start if it is missing, instead of silently using a slow
# network.
if ! ls /sys/class/infiniband/* >/dev/null 2>&1; then
  echo "jobs/site/infiniband.sh: $(hostname) has no InfiniBand device (/sys/class/infiniband is empty). Use jobs/site/tcp.sh, or another partition." >&2
  return 2
fi
export OMPI_MCA_pml=ucx OMPI_MCA_osc=ucx
export UCX_TLS=${UCX_TLS:-rc,ud,sm,self}
export NCCL_NET=IB NCCL_IB_DISABLE=0
