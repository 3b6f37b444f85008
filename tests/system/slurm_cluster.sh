#!/usr/bin/env bash
# A Slurm cluster of two nodes on one host, for tests: slurmctld, two slurmd and a munged, all in one folder. Does not
# touch the machine's own Slurm, munge and systemd. Needs the packages slurm-wlm and munge.
#
#   eval "$(slurm_cluster.sh start)"     starts it and exports SLURM_CONF for sbatch, srun, squeue
#   slurm_cluster.sh status | stop
#
# SLURM_CLUSTER=FOLDER (default ${TMPDIR:-/tmp}/mambasynth-slurm-UID)
set -euo pipefail

folder=${SLURM_CLUSTER:-${TMPDIR:-/tmp}/mambasynth-slurm-$(id -u)}
export SLURM_CONF=$folder/slurm.conf
PATH=$PATH:/usr/sbin:/sbin

within() {  # SECONDS COMMAND...: retries until it succeeds
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.1
  done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
free_port() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Without a slurm.conf, sinfo searches the network for one for a minute.
both_idle() { [ -f "$SLURM_CONF" ] && [ "$(timeout 5 sinfo -h -t idle -o %D)" = 2 ]; }

configure() {
  local host port=17000
  host=$(hostname -s)
  until free_port "$port" && free_port $((port + 1)) && free_port $((port + 2)); do port=$((port + 10)); done
  cat >"$SLURM_CONF" <<END
ClusterName=mambasynth-tests
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# A requeued job waits until its old credential has expired, by default after two minutes.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/pid/slurmctld
SlurmdPidFile=$folder/pid/slurmd.%n
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd.%n
# One folder per node: otherwise the PMIx servers of both would share one.
TmpFS=$folder/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=sched_interval=1
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=1 RealMemory=1024
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
END
}

start() {
  local program
  for program in slurmctld slurmd munged sbatch; do
    command -v $program >/dev/null || { echo "$program is missing (package slurm-wlm or munge). Run jobs/install_deps.sh --tests." >&2; exit 2; }
  done
  if ! both_idle 2>/dev/null; then
    stop
    rm -rf "$folder"
    mkdir -p "$folder"/{munge,state,spool,log,pid,tmp/n1,tmp/n2}
    chmod 755 "$folder" "$folder/munge"
    configure
    (umask 077 && dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 status=none)
    munged --socket="$folder/munge/socket" --key-file="$folder/munge/key" --pid-file="$folder/pid/munged" \
      --log-file="$folder/log/munged" --seed-file="$folder/munge/seed" --num-threads=2 >&2
    slurmctld -f "$SLURM_CONF"
    slurmd -f "$SLURM_CONF" -N n1
    slurmd -f "$SLURM_CONF" -N n2
    if ! within 30 both_idle; then
      sinfo >&2 || true
      tail -n 5 "$folder"/log/* >&2
      stop
      exit 1
    fi
  fi
  echo "export SLURM_CONF=$SLURM_CONF"
}

stop() {
  local name pid
  [ -d "$folder/pid" ] || return 0
  for name in slurmd.n1 slurmd.n2 slurmctld munged; do
    pid=$(cat "$folder/pid/$name" 2>/dev/null) || continue
    kill "$pid" 2>/dev/null || continue
    within 10 gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
    rm -f "$folder/pid/$name"
  done
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  status) sinfo && squeue ;;
  *) echo "usage: $0 start|stop|status" >&2; exit 2 ;;
esac
