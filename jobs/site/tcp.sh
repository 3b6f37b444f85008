# shellcheck shell=bash
# MAMBASYNTH_ENV=jobs/site/tcp.sh sbatch ...   (or source it from your own file)
# MPI and NCCL explicitly over TCP: for clusters without a fast network, or to exclude the fast one when a job hangs. Sufficient
# for sweeps of one-GPU trials, which exchange a few hundred bytes per second. NCCL_SOCKET_IFNAME=eth0: use only this interface,
# also for MPI.
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp
export NCCL_NET=Socket NCCL_IB_DISABLE=1
if [ -n "${NCCL_SOCKET_IFNAME:-}" ]; then
  if ! [ -e "/sys/class/net/$NCCL_SOCKET_IFNAME" ]; then
    echo "jobs/site/tcp.sh: $(hostname) has no network interface $NCCL_SOCKET_IFNAME (it has $(ls /sys/class/net | xargs)). Name one of these." >&2
    return 2
  fi
  export OMPI_MCA_btl_tcp_if_include=$NCCL_SOCKET_IFNAME
fi
