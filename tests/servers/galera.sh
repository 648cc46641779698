#!/usr/bin/env bash
# A private Galera cluster of three MariaDB nodes for the tests: data folders of their own, free ports of 127.0.0.1.
#
#   galera.sh start       forms the cluster, or brings back the nodes that are missing, and waits until all are synced
#   galera.sh stop        orderly shutdown, node 1 last; the data stays
#   galera.sh kill N      SIGKILL to node N, as in a crash; start brings it back
#   galera.sh freeze N    SIGSTOP: connections stay open and nothing answers; thaw N undoes it
#   galera.sh isolate N   cuts node N off from the others, it goes on answering clients with errors; heal N undoes it
#   galera.sh wait COUNT  waits until so many nodes are synced in one cluster of so many
#   galera.sh status      a line for each node; exit status 3 unless all three are synced
#   galera.sh url [N]     mysql://user:password@…/database: of node N, or with all three hosts
#   galera.sh sql N TEXT  runs TEXT as the root user of node N
#   galera.sh clean       stop, and delete the folder
#
# Environment, with what holds without it:
#   DECNET_TEST_GALERA_DIR=${TMPDIR:-/tmp}/decnet-db-galera-UID    one folder is one cluster
#   DECNET_TEST_GALERA_ARGS=     more options for each node, e.g. '--wsrep-sync-wait=1'
#
# The account in the URL may do everything. Started by root, the nodes run as the account mysql.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

what=node
dir=$(realpath -m "${DECNET_TEST_GALERA_DIR:-${TMPDIR:-/tmp}/decnet-db-galera-$(id -u)}")
as_root=no
[ "$(id -u)" != 0 ] || as_root=yes # then the daemon of a full transfer would write as nobody, and fail

# Each node has four ports: for clients, the group, incremental and full transfers.
port() { echo $(($(cat "$dir/port") + 4 * ($1 - 1) + ${2:-0})); }
running() { process "$(home "$1")/pid" "--defaults-file=$(home "$1")/my.cnf"; }
sql() { local n=$1; shift; mariadb --no-defaults --default-character-set=utf8mb4 --socket="$(home "$n")/socket" --user=root "$@"; }
# One of a node's status variables; nothing if it does not answer.
variable() { timeout 5 mariadb --no-defaults --socket="$(home "$1")/socket" --user=root -Ne "SHOW STATUS LIKE 'wsrep_$2'" 2>/dev/null | cut -f2; }
synced() { [ "$(variable "$1" ready)" = ON ] && [ "$(variable "$1" local_state_comment)" = Synced ]; }

library() {
  local path
  for path in /usr/lib/galera/libgalera_smm.so /usr/lib64/galera-4/libgalera_smm.so /usr/lib/libgalera_smm.so; do
    [ ! -e "$path" ] || { echo "$path"; return; }
  done
  die "libgalera_smm.so is missing: install it (Debian: galera-4)"
}

# In a file, because the scripts of a full transfer would take the options of a command line for their own.
configure() {
  local n=$1 h argument
  h=$(home "$n")
  mkdir -p "$h/data"
  {
    printf '%s\n' '[mysqld]' "datadir=$h/data" "socket=$h/socket" "pid-file=$h/pid" bind-address=127.0.0.1 "port=$(port "$n")" \
      skip-name-resolve character-set-server=utf8mb4 binlog-format=ROW innodb-autoinc-lock-mode=2 max-connections=300 \
      innodb-use-native-aio=0 innodb-flush-log-at-trx-commit=2 innodb-buffer-pool-size=64M innodb-log-file-size=24M \
      wsrep-on=ON "wsrep-provider=$(library)" "wsrep-cluster-name=$(basename "$dir")" "wsrep-node-name=node$n" \
      "wsrep-cluster-address=gcomm://127.0.0.1:$(port 1 1),127.0.0.1:$(port 2 1),127.0.0.1:$(port 3 1)" \
      "wsrep-node-address=127.0.0.1:$(port "$n" 1)" "wsrep-node-incoming-address=127.0.0.1:$(port "$n")" \
      "wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:$(port "$n" 1);ist.recv_addr=127.0.0.1:$(port "$n" 2);gcache.size=32M" \
      wsrep-sst-method=rsync "wsrep-sst-receive-address=127.0.0.1:$(port "$n" 3)"
    [ $as_root = no ] || echo user=mysql
    for argument in ${DECNET_TEST_GALERA_ARGS:-}; do echo "${argument#--}"; done
    printf '%s\n' '[sst]' sst-syslog=-1 sst-log-archive=0
  } >"$h/my.cnf"
  [ $as_root = no ] || chown mysql "$h" "$h/data"
}

# boot N [OPTION...]: starts a node and waits until it is synced.
boot() {
  local n=$1 h child deadline=$((SECONDS + 120))
  shift
  h=$(home "$n")
  configure "$n"
  rm -f "$h/pid" "$h/socket"
  nohup mariadbd --defaults-file="$h/my.cnf" "$@" >>"$h/log" 2>&1 </dev/null 9>&- &
  child=$!
  until synced "$n"; do
    kill -0 "$child" 2>/dev/null || { tail -n 20 "$h/log" >&2; die "node $n ended while starting; see $h/log"; }
    [ "$SECONDS" -lt "$deadline" ] || die "node $n is not synced within 120 s; see $h/log"
    sleep 0.1
  done
  say "node $n is synced, in a cluster of $(variable "$n" cluster_size)"
}

# Nobody runs: the node that was the last one, or after a crash node 1 with what it has, begins a cluster anew.
begin() {
  local n first=1
  if [ ! -e "$dir/complete" ]; then
    rm -rf -- "$(home 1)" "$(home 2)" "$(home 3)"
    configure 1
    mariadb-install-db --no-defaults $([ $as_root = no ] || echo --user=mysql) --datadir="$(home 1)/data" --skip-test-db \
      --auth-root-authentication-method=normal --innodb-use-native-aio=0 >"$dir/log" 2>&1 || { tail "$dir/log" >&2; die "could not make the data folder"; }
  else
    for n in 1 2 3; do
      ! grep -q '^safe_to_bootstrap: 1' "$(home $n)/data/grastate.dat" 2>/dev/null || first=$n
    done
    sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' "$(home $first)/data/grastate.dat"
  fi
  boot $first --wsrep-new-cluster
  sql $first -e "$account"
  touch "$dir/complete"
}

start() {
  local n
  needs mariadbd mariadb-server
  needs rsync rsync
  own_folder
  if [ $as_root = yes ]; then
    chown mysql "$dir"
    setpriv --reuid=mysql --regid="$(id -g mysql)" --clear-groups test -w "$dir" || die "the account mysql can't enter $dir: choose another folder"
  fi
  choose_port "$dir/port" 12
  running 1 >/dev/null || running 2 >/dev/null || running 3 >/dev/null || begin
  for n in 1 2 3; do running $n >/dev/null || boot $n; done
  await 3
}

await() {
  local deadline=$((SECONDS + 60)) n good
  while :; do
    good=0
    for n in 1 2 3; do
      ! { running $n >/dev/null && [ "$(variable $n cluster_status)" = Primary ] && [ "$(variable $n cluster_size)" = "$1" ] && synced $n; } ||
        good=$((good + 1))
    done
    [ "$good" != "$1" ] || return 0
    [ "$SECONDS" -lt "$deadline" ] || die "no synced cluster of $1 within 60 s"
    sleep 0.1
  done
}

status() {
  local n good=0
  for n in 1 2 3; do
    if running $n >/dev/null; then
      say "node $n: port $(port $n), $(variable $n cluster_status) cluster of $(variable $n cluster_size), $(variable $n local_state_comment)"
      ! { synced $n && [ "$(variable $n cluster_size)" = 3 ]; } || good=$((good + 1))
    else
      say "node $n: down"
    fi
  done
  [ $good = 3 ] || exit 3
}

isolate() { node "${1:-}"; sql "$1" -e "SET GLOBAL wsrep_provider_options='gmcast.isolate=$2'"; }

case ${1:-} in
  isolate) isolate "${2:-}" 1 ;;
  heal) isolate "${2:-}" 0 ;;
  *) cluster_verbs "$@" ;;
esac
