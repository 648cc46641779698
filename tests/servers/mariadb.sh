#!/usr/bin/env bash
# A private MariaDB for the tests: a data folder of its own, a free port of 127.0.0.1, no part of any other server.
#
#   mariadb.sh start      makes the data folder if there is none, starts the server, waits until it answers
#   mariadb.sh stop       orderly shutdown; the data stays
#   mariadb.sh kill       SIGKILL, as in a crash; the data stays
#   mariadb.sh freeze     SIGSTOP: connections stay open and nothing answers; thaw undoes it
#   mariadb.sh thaw
#   mariadb.sh restart    stop, then start: same data, same port
#   mariadb.sh status     says whether it answers; exit status 3 if it does not
#   mariadb.sh url        mysql://user:password@127.0.0.1:port/database
#   mariadb.sh sql TEXT   runs TEXT as the server's root user
#   mariadb.sh clean      stop, and delete the folder
#
# Environment, with what holds without it:
#   DECNET_TEST_MARIADB_DIR=${TMPDIR:-/tmp}/decnet-db-mariadb-UID    one folder is one server
#   DECNET_TEST_MARIADB_ARGS=     more options for the server, e.g. '--max-connections=10 --wait-timeout=2'
#
# The account in the URL may do everything, for tests that create databases and users of their own.
set -euo pipefail

PATH=$PATH:/usr/sbin:/usr/local/sbin # where Debian keeps mariadbd, and a plain user's PATH lacks
dir=${DECNET_TEST_MARIADB_DIR:-${TMPDIR:-/tmp}/decnet-db-mariadb-$(id -u)}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
name=decnet # database, user and password: they guard nothing, the server listens on the loopback address only

say() { printf '%s\n' "mariadb.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# Prints the server's process id. The data folder in its command line tells it from a stranger that got a stale id.
running() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) || return 1
  [ -n "$pid" ] || return 1
  case " $(ps -o args= -p "$pid" 2>/dev/null) " in *" --datadir=$dir/data "*) echo "$pid" ;; *) return 1 ;; esac
}

# A zombie no longer matches `running`: its command line is empty, and its files and port are free.
await_end() {
  local deadline=$((SECONDS + $1))
  while running >/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
  rm -f "$dir/pid" "$dir/socket"
}

as_root() { mariadb --no-defaults --default-character-set=utf8mb4 --socket="$dir/socket" --user=root "$@"; }
answers() { running >/dev/null && as_root --connect-timeout=2 -e 'DO 1' >/dev/null 2>&1; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

need_programs() {
  if command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null && command -v mariadb >/dev/null; then
    return
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "MariaDB is missing: install its server and client programs (Debian: mariadb-server-core mariadb-client-core)," \
      "or set DECNET_TEST_MYSQL_URL to a server that runs"
  fi
  say "installing mariadb-server-core and mariadb-client-core" # these bring no service that would start
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends
    mariadb-server-core mariadb-client-core)
  # A machine's package lists may be missing or too old to be installed from; they are fetched only then.
  "${install[@]}" >/dev/null 2>&1 || { apt-get -qq update >&2 && "${install[@]}" >&2; } || die "could not install MariaDB"
}

# Several servers at once would use up what the kernel allows of asynchronous I/O for all programs together.
modest=(--innodb-use-native-aio=0)

make_folder() {
  if [ -e "$dir" ] && [ ! -e "$dir/made-by-mariadb.sh" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir holds something else: choose another DECNET_TEST_MARIADB_DIR"
  fi
  mkdir -p "$dir" && touch "$dir/made-by-mariadb.sh"
  [ "${#dir}" -le 95 ] || die "$dir is too long a path for a unix socket: choose another DECNET_TEST_MARIADB_DIR"
  [ -e "$dir/complete" ] && return
  rm -rf -- "$dir/data"
  mariadb-install-db --no-defaults "${run_as[@]}" --datadir="$dir/data" --skip-test-db \
    --auth-root-authentication-method=normal "${modest[@]}" >"$dir/log" 2>&1 ||
    { grep -iE 'error|fail|denied|space' "$dir/log" | head -n 20 >&2; die "could not make the data folder"; }
  touch "$dir/complete"
}

# The port is chosen once and kept, so that clients find the server again after a restart.
choose_port() {
  local port
  [ -e "$dir/port" ] && ! taken "$(cat "$dir/port")" && return
  while :; do
    port=$((20000 + RANDOM % 12000)) # below the range that outgoing connections get their ports from
    taken "$port" || break
  done
  echo "$port" >"$dir/port"
}

start() {
  if running >/dev/null; then
    answers || die "process $(running) runs but does not answer; see $dir/log"
    return
  fi
  need_programs
  run_as=()
  [ "$(id -u)" != 0 ] || run_as=(--user=root)
  make_folder
  choose_port
  rm -f "$dir/pid" "$dir/socket"
  # flush-log 2: a commit reaches the kernel, which is what outlives SIGKILL; only a power cut would lose it.
  # shellcheck disable=SC2086 # DECNET_TEST_MARIADB_ARGS is a list of words
  nohup mariadbd --no-defaults "${run_as[@]}" --datadir="$dir/data" --socket="$dir/socket" --pid-file="$dir/pid" \
    --bind-address=127.0.0.1 --port="$(cat "$dir/port")" --skip-name-resolve --character-set-server=utf8mb4 --tmpdir="$dir/data" \
    --max-connections=300 "${modest[@]}" --innodb-flush-log-at-trx-commit=2 ${DECNET_TEST_MARIADB_ARGS:-} \
    >>"$dir/log" 2>&1 </dev/null 9>&- &
  local child=$! deadline=$((SECONDS + 60))
  until answers; do
    kill -0 "$child" 2>/dev/null || { tail -n 20 "$dir/log" >&2; die "the server ended while starting; see $dir/log"; }
    [ "$SECONDS" -lt "$deadline" ] || die "no answer within 60 s; see $dir/log"
    sleep 0.05
  done
  as_root -e "CREATE DATABASE IF NOT EXISTS $name CHARACTER SET utf8mb4;
    CREATE USER IF NOT EXISTS '$name'@'%' IDENTIFIED BY '$name';
    GRANT ALL ON *.* TO '$name'@'%' WITH GRANT OPTION"
}

stop() {
  local pid
  pid=$(running) || return 0
  kill -TERM "$pid"
  kill -CONT "$pid" # it may be frozen
  await_end 60 && return
  say "no shutdown within 60 s: killed"
  kill -KILL "$pid" && await_end 10
}

crash() {
  local pid
  pid=$(running) || die "not running"
  kill -KILL "$pid"
  await_end 10 || die "process $pid outlives SIGKILL"
}

clean() {
  [ -e "$dir" ] || return 0
  [ -e "$dir/made-by-mariadb.sh" ] || die "$dir was not made by this script"
  stop
  rm -rf -- "$dir"
}

# One change at a time on the same folder. The server does not inherit the lock (9>&- above).
alone() {
  exec 9>"$dir.lock"
  flock -w 120 9 || die "another run holds $dir.lock"
}

case ${1:-} in
  start) alone; start; say "version $(as_root -Ne 'SELECT VERSION()') on port $(cat "$dir/port"), in $dir" ;;
  stop) alone; stop ;;
  kill) alone; crash ;;
  freeze) alone; kill -STOP "$(running)" ;;
  thaw) alone; kill -CONT "$(running)" ;;
  restart) alone; stop; start ;;
  clean) alone; clean; rm -f "$dir.lock" ;;
  status) if answers; then say "up, port $(cat "$dir/port"), process $(running)"; else say "down"; exit 3; fi ;;
  url) [ -e "$dir/port" ] || die "never started"; echo "mysql://$name:$name@127.0.0.1:$(cat "$dir/port")/$name" ;;
  sql) shift; as_root -e "$*" ;;
  *) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
