#!/usr/bin/env bash
# A private PostgreSQL for the tests: a data folder of its own, a free port of 127.0.0.1, no part of any other server.
#
#   postgres.sh start      makes the data folder if there is none, starts the server, waits until it answers
#   postgres.sh stop       orderly shutdown, connections are ended; the data stays
#   postgres.sh kill       SIGKILL to the server and its children, as in a crash; the data stays
#   postgres.sh restart    stop, then start: same data, same port
#   postgres.sh status     says whether it answers; exit status 3 if it does not
#   postgres.sh url        postgres://user:password@127.0.0.1:port/database
#   postgres.sh sql TEXT   runs TEXT as the server's superuser
#   postgres.sh clean      stop, and delete the folder
#
# Environment, with what holds without it:
#   DECNET_TEST_POSTGRES_DIR=${TMPDIR:-/tmp}/decnet-db-postgres-UID    one folder is one server
#   DECNET_TEST_POSTGRES_ARGS=     more options for the server, e.g. '-c max_connections=10'
#
# The account in the URL may create databases. Started by root, the server runs as the account postgres.
set -euo pipefail

dir=${DECNET_TEST_POSTGRES_DIR:-${TMPDIR:-/tmp}/decnet-db-postgres-$(id -u)}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
name=decnet # database, user and password: they guard nothing, the server listens on the loopback address only
as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)

say() { printf '%s\n' "postgres.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# Debian keeps the server's programs off PATH, in a folder for each version; the newest is taken.
find_programs() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  PATH=$newest:$PATH
}

# Prints the server's process id. The data folder in its command line tells it from a stranger that got a stale id.
running() {
  local pid
  pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] || return 1
  case " $(ps -o args= -p "$pid" 2>/dev/null) " in *" -D $dir/data "*) echo "$pid" ;; *) return 1 ;; esac
}

await_end() {
  local deadline=$((SECONDS + $1))
  while running >/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

as_root() { psql -X -q -v ON_ERROR_STOP=1 -h "$dir" -p "$(cat "$dir/port")" -U postgres -d postgres "$@"; }
answers() { running >/dev/null && PGCONNECT_TIMEOUT=2 as_root -c 'SELECT 1' >/dev/null 2>&1; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

need_programs() {
  find_programs
  ! command -v pg_ctl >/dev/null || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "PostgreSQL is missing: install its server (Debian: postgresql), or set DECNET_TEST_POSTGRES_URL to one that runs"
  fi
  say "installing postgresql"
  export DEBIAN_FRONTEND=noninteractive
  local guard=/usr/sbin/policy-rc.d made='' # keeps the package from starting a service of its own
  if [ ! -e "$guard" ]; then printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod 755 "$guard" && made=1; fi
  local install=(apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends postgresql)
  "${install[@]}" >/dev/null 2>&1 || { apt-get -qq update >&2 && "${install[@]}" >&2; } || true
  [ -z "$made" ] || rm -f "$guard"
  find_programs
  command -v pg_ctl >/dev/null || die "could not install PostgreSQL"
}

make_folder() {
  if [ -e "$dir" ] && [ ! -e "$dir/made-by-postgres.sh" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir holds something else: choose another DECNET_TEST_POSTGRES_DIR"
  fi
  mkdir -p "$dir" && touch "$dir/made-by-postgres.sh"
  [ "${#dir}" -le 85 ] || die "$dir is too long a path for a unix socket: choose another DECNET_TEST_POSTGRES_DIR"
  if [ "${#as[@]}" != 0 ]; then
    chown postgres "$dir"
    "${as[@]}" test -w "$dir" || die "the account postgres can't enter $dir: choose another DECNET_TEST_POSTGRES_DIR"
  fi
  [ -e "$dir/complete" ] && return
  rm -rf -- "$dir/data"
  "${as[@]}" initdb -D "$dir/data" -U postgres -E UTF8 --locale=C.UTF-8 --auth-local=trust \
    --auth-host=scram-sha-256 >"$dir/initdb.log" 2>&1 ||
    { tail -n 20 "$dir/initdb.log" >&2; die "could not make the data folder"; }
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
  make_folder
  choose_port
  rm -f "$dir/data/postmaster.pid" "$dir"/.s.PGSQL.*
  # synchronous_commit off: a commit outlives the server's children, and a lost second would only matter after a crash of
  # the whole server; -F: no power cut is tested.
  (cd / && "${as[@]}" pg_ctl -D "$dir/data" -l "$dir/data/log" -w -t 60 -s start -o "-p $(cat "$dir/port") -F \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir' -c max_connections=300 \
    ${DECNET_TEST_POSTGRES_ARGS:-}") 9>&- ||
    { tail -n 20 "$dir/data/log" >&2; die "the server did not start; see $dir/data/log"; }
  [ -n "$(as_root -Atc "SELECT 1 FROM pg_roles WHERE rolname = '$name'")" ] ||
    as_root -c "CREATE ROLE $name LOGIN CREATEDB PASSWORD '$name'"
  [ -n "$(as_root -Atc "SELECT 1 FROM pg_database WHERE datname = '$name'")" ] ||
    as_root -c "CREATE DATABASE $name OWNER $name"
}

stop() {
  local pid
  pid=$(running) || return 0
  kill -INT "$pid"
  await_end 60 && return
  say "no shutdown within 60 s: killed"
  crash
}

crash() {
  local pid children child
  pid=$(running) || die "not running"
  children=$(pgrep -P "$pid") || true
  # shellcheck disable=SC2086 # one word for each child
  kill -KILL "$pid" $children
  await_end 10 || die "process $pid outlives SIGKILL"
  # Until they are gone too, the server's memory counts as in use.
  for child in $children; do
    while kill -0 "$child" 2>/dev/null; do sleep 0.05; done
  done
}

clean() {
  [ -e "$dir" ] || return 0
  [ -e "$dir/made-by-postgres.sh" ] || die "$dir was not made by this script"
  stop
  rm -rf -- "$dir"
}

# One change at a time on the same folder. The server does not inherit the lock (9>&- above).
alone() {
  exec 9>"$dir.lock"
  flock -w 120 9 || die "another run holds $dir.lock"
}

find_programs
case ${1:-} in
  start) alone; start; say "version $(as_root -Atc 'SHOW server_version') on port $(cat "$dir/port"), in $dir" ;;
  stop) alone; stop ;;
  kill) alone; crash ;;
  restart) alone; stop; start ;;
  clean) alone; clean; rm -f "$dir.lock" ;;
  status) if answers; then say "up, port $(cat "$dir/port"), process $(running)"; else say "down"; exit 3; fi ;;
  url) [ -e "$dir/port" ] || die "never started"; echo "postgres://$name:$name@127.0.0.1:$(cat "$dir/port")/$name" ;;
  sql) shift; as_root -c "$*" ;;
  *) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
