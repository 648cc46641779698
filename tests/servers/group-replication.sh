#!/usr/bin/env bash
# A private MySQL group of three members for the tests: data folders of their own, free ports of 127.0.0.1.
#
#   group-replication.sh start       forms the group, or brings back the members that are missing, and waits for all
#   group-replication.sh stop        orderly shutdown; the data stays
#   group-replication.sh kill N      SIGKILL to member N, as in a crash; start brings it back
#   group-replication.sh freeze N    SIGSTOP: connections stay open and nothing answers; thaw N undoes it
#   group-replication.sh leave N     member N leaves the group: it goes on answering clients, and takes no writes; start undoes it
#   group-replication.sh primary     the number of the member that takes writes
#   group-replication.sh wait COUNT  waits until so many members are online
#   group-replication.sh status      a line for each member; exit status 3 unless all three are online
#   group-replication.sh url [N]     mysql://user:password@…/database: of member N, or with all three hosts
#   group-replication.sh sql N TEXT  runs TEXT as the root user of member N
#   group-replication.sh clean       stop, and delete the folder
#
# The programs are Debian's, of its unstable release: see mysql.sh. The group has a single primary.
#
# Environment, with what holds without it:
#   DECNET_TEST_GROUP_REPLICATION_DIR=${TMPDIR:-/tmp}/decnet-db-group-UID    one folder is one group
#   DECNET_TEST_GROUP_REPLICATION_ARGS=     more options for each member
#   DECNET_TEST_MYSQL_ROOT=${XDG_CACHE_HOME:-~/.cache}/decnet-db/mysql    the programs, downloaded once for all servers
#
# The account in the URL may do everything.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

what=member
# Each member has a key of its own.
url_options='?allow-public-key-retrieval=true'
dir=$(realpath -m "${DECNET_TEST_GROUP_REPLICATION_DIR:-${TMPDIR:-/tmp}/decnet-db-group-$(id -u)}")
root=$(realpath -m "${DECNET_TEST_MYSQL_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/decnet-db/mysql}")
loader=("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu")
run_as=()
[ "$(id -u)" != 0 ] || run_as=(--user=root)

# Each member has two ports: for clients, and for the group.
port() { echo $(($(cat "$dir/port") + 2 * ($1 - 1) + ${2:-0})); }
running() { process "$(home "$1")/pid" "--datadir=$(home "$1")/data"; }
sql() {
  local n=$1
  shift
  "${loader[@]}" "$root/usr/bin/mysql" --no-defaults --default-character-set=utf8mb4 --socket="$(home "$n")/socket" --user=root --connect-timeout=5 "$@"
}
# What the member says of the group: a line for each, number of the member, state, role.
members() {
  timeout 5 "${loader[@]}" "$root/usr/bin/mysql" --no-defaults --socket="$(home "$1")/socket" --user=root -Ne \
    "SELECT (member_port - $(port 1)) DIV 2 + 1, member_state, member_role FROM performance_schema.replication_group_members" 2>/dev/null
}
own() { members "$1" | awk -v n="$1" '$1 == n { print $2 }'; }

boot() {
  local n=$1 h child deadline=$((SECONDS + 60))
  h=$(home "$n")
  local options=("${loader[@]}" "$root/usr/sbin/mysqld" --no-defaults "${run_as[@]}" --datadir="$h/data" --basedir="$root/usr"
    --lc-messages-dir="$root/usr/share/mysql" --character-sets-dir="$root/usr/share/mysql/charsets" --plugin-dir="$root/usr/lib/mysql/plugin"
    --innodb-use-native-aio=0)
  mkdir -p "$h"
  if [ ! -e "$h/complete" ]; then
    rm -rf -- "$h/data"
    "${options[@]}" --initialize-insecure >"$h/log" 2>&1 || { tail -n 20 "$h/log" >&2; die "could not make the data folder of member $n"; }
    touch "$h/complete"
  fi
  rm -f "$h/pid" "$h"/socket*
  # shellcheck disable=SC2086 # the arguments are a list of words
  nohup "${options[@]}" --server-id="$n" --port="$(port "$n")" --bind-address=127.0.0.1 --socket="$h/socket" --pid-file="$h/pid" \
    --mysqlx=OFF --secure-file-priv=NULL --skip-name-resolve --character-set-server=utf8mb4 --max-connections=300 --gtid-mode=ON \
    --enforce-gtid-consistency=ON --innodb-flush-log-at-trx-commit=2 --sync-binlog=0 --innodb-buffer-pool-size=64M \
    --plugin-load-add=group_replication.so --report-host=127.0.0.1 --report-port="$(port "$n")" \
    --loose-group-replication-group-name=aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa --loose-group-replication-start-on-boot=OFF \
    --loose-group-replication-local-address="127.0.0.1:$(port "$n" 1)" \
    --loose-group-replication-group-seeds="127.0.0.1:$(port 1 1),127.0.0.1:$(port 2 1),127.0.0.1:$(port 3 1)" \
    --loose-group-replication-recovery-get-public-key=ON ${DECNET_TEST_GROUP_REPLICATION_ARGS:-} >>"$h/log" 2>&1 </dev/null 9>&- &
  child=$!
  until sql "$n" -e 'DO 1' >/dev/null 2>&1; do
    kill -0 "$child" 2>/dev/null || { tail -n 20 "$h/log" >&2; die "member $n ended while starting; see $h/log"; }
    [ "$SECONDS" -lt "$deadline" ] || die "no answer of member $n within 60 s; see $h/log"
    sleep 0.1
  done
  [ -e "$h/prepared" ] || sql "$n" -e "SET sql_log_bin = 0; $account; CREATE USER replication@'%' IDENTIFIED BY 'replication';
    GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO replication@'%'; SET sql_log_bin = 1;
    CHANGE REPLICATION SOURCE TO source_user = 'replication', source_password = 'replication' FOR CHANNEL 'group_replication_recovery';
    RESET BINARY LOGS AND GTIDS"
  touch "$h/prepared"
}

# begin N: member N is the group; the others join it.
begin() {
  sql "$1" -e "SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group = OFF"
}

# The member with the most transactions, when nobody is online.
furthest() {
  local n
  for n in 1 2 3; do
    echo "$(sql "$n" -Ne "SELECT COALESCE(SUM(SUBSTRING_INDEX(@@gtid_executed, '-', -1)), 0)" 2>/dev/null || echo 0) $n"
  done | sort -k1,1nr -k2,2n | awk 'NR == 1 { print $2 }'
}

start() {
  local n alive=''
  unpack "$root" mysql-server-core mysql-client-core
  own_folder
  choose_port "$dir/port" 6
  for n in 1 2 3; do running $n >/dev/null || boot $n; done
  for n in 1 2 3; do [ "$(own $n)" != ONLINE ] || alive=$n; done
  if [ -z "$alive" ]; then
    alive=$(furthest)
    sql "$alive" -e "STOP GROUP_REPLICATION" 2>/dev/null || true
    begin "$alive"
  fi
  for n in 1 2 3; do
    case $(own $n) in ONLINE | RECOVERING) continue ;; esac
    sql $n -e "STOP GROUP_REPLICATION" 2>/dev/null || true
    sql $n -e "START GROUP_REPLICATION"
  done
  await 3
}

await() {
  local deadline=$((SECONDS + 90)) n good
  while :; do
    good=0
    for n in 1 2 3; do ! { running $n >/dev/null && [ "$(own $n)" = ONLINE ]; } || good=$((good + 1)); done
    [ "$good" != "$1" ] || return 0
    [ "$SECONDS" -lt "$deadline" ] || die "no group of $1 within 90 s"
    sleep 0.2
  done
}

primary() {
  local n found
  for n in 1 2 3; do
    running $n >/dev/null && [ "$(own $n)" = ONLINE ] || continue
    found=$(members $n | awk '$2 == "ONLINE" && $3 == "PRIMARY" { print $1 }')
    [ -z "$found" ] || { echo "$found"; return; }
  done
  die "no member is the primary"
}

status() {
  local n good=0
  for n in 1 2 3; do
    if running $n >/dev/null; then
      say "member $n: port $(port $n), $(members $n | awk -v n=$n '$1 == n { print $2, $3 }')"
      [ "$(own $n)" != ONLINE ] || good=$((good + 1))
    else
      say "member $n: down"
    fi
  done
  [ $good = 3 ] || exit 3
}

case ${1:-} in
  leave) node "${2:-}"; sql "$2" -e "STOP GROUP_REPLICATION" ;;
  primary) primary ;;
  *) cluster_verbs "$@" ;;
esac
