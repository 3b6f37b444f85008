# shellcheck shell=bash
# MAMBASYNTH_ENV=jobs/site/slingshot.sh sbatch ...   (or source it from your own file)
# MPI and NCCL over libfabric's cxi provider (HPE Slingshot). NCCL needs the aws-ofi-nccl plugin on LD_LIBRARY_PATH; without it,
# or without cxi, both refuse to start. Based on the vendors' documentation; not yet tested on such a machine.
if ! ls -d /sys/class/cxi/* >/dev/null 2>&1; then
  echo "jobs/site/slingshot.sh: $(hostname) has no Slingshot device (/sys/class/cxi is empty). Use jobs/site/tcp.sh, or another partition." >&2
  return 2
fi
export OMPI_MCA_pml=cm OMPI_MCA_mtl=ofi OMPI_MCA_mtl_ofi_provider_include=cxi
export FI_PROVIDER=cxi
export NCCL_NET="AWS Libfabric"
