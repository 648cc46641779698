#!/usr/bin/env bash
# A private MariaDB for the tests: a data folder of its own, a free port of 127.0.0.1, no part of any other server.
#
#   mariadb.sh start      makes the data folder if there is none, starts the server, waits until it answers
#   mariadb.sh stop       orderly shutdown; the data stays
#   mariadb.sh kill       SIGKILL, as in a crash; the data stays
#   mariadb.sh freeze     SIGSTOP: connections stay open and nothing answers; `thaw` undoes it
#   mariadb.sh restart    stop, then start: same data, same port
#   mariadb.sh status     says whether it answers; exit status 3 if it does not
#   mariadb.sh url        mysql://user:password@127.0.0.1:port/database
#   mariadb.sh sql TEXT   runs TEXT as the server's root user
#   mariadb.sh clean      stop, and delete the folder
#
# Environment, with what holds without it:
#   DECNET_TEST_MARIADB_DIR=${TMPDIR:-/tmp}/decnet-db-mariadb-UID    one folder is one server
#   DECNET_TEST_MARIADB_ARGS=     more options for the server, e.g. '--max-connections=10 --wait-timeout=2'
#   DECNET_TEST_MARIADB_ROOT=     `unstable`: the newest MariaDB that Debian carries, unpacked once for all servers of this user;
#                                 or the folder that it is unpacked into
#
# The account in the URL may do everything, for tests that create databases and users of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$(realpath -m "${DECNET_TEST_MARIADB_DIR:-${TMPDIR:-/tmp}/decnet-db-mariadb-$(id -u)}")
arguments=${DECNET_TEST_MARIADB_ARGS:-}
root=${DECNET_TEST_MARIADB_ROOT:-}
[ "$root" != unstable ] || root=${XDG_CACHE_HOME:-$HOME/.cache}/decnet-db/mariadb

run_as=()
[ "$(id -u)" != 0 ] || run_as=(--user=root)
# Several servers at once would use up what the kernel allows of asynchronous I/O for all programs together.
modest=(--innodb-use-native-aio=0)
client=(mariadb)
server=(mariadbd --no-defaults "${run_as[@]}" --datadir="$dir/data" "${modest[@]}")
if [ -n "$root" ]; then
  loader=("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu")
  client=("${loader[@]}" "$root/usr/bin/mariadb")
  server=("${loader[@]}" "$root/usr/sbin/mariadbd" --no-defaults "${run_as[@]}" --datadir="$dir/data" "${modest[@]}"
    --basedir="$root/usr" --lc-messages-dir="$root/usr/share/mariadb" --plugin-dir="$root/usr/lib/mysql/plugin"
    --character-sets-dir="$root/usr/share/mariadb/charsets")
fi

prepare() {
  if [ -n "$root" ]; then
    unpack "$root" mariadb-server-core mariadb-client-core
  else
    needs mariadbd mariadb-server-core mariadb-client-core # these bring no service that would start
    needs mariadb-install-db mariadb-server-core
    needs mariadb mariadb-client-core
  fi
}

make_data() {
  if [ -z "$root" ]; then
    mariadb-install-db --no-defaults "${run_as[@]}" --datadir="$dir/data" --skip-test-db \
      --auth-root-authentication-method=normal "${modest[@]}"
    return
  fi
  # That program's package is another one: the system tables are made from the files that it would read.
  local file
  mkdir -p "$dir/data/mysql"
  {
    echo "USE mysql;"
    for file in mariadb_system_tables mariadb_performance_tables mariadb_system_tables_data fill_help_tables \
      maria_add_gis_sp_bootstrap mariadb_sys_schema; do
      cat "$root/usr/share/mariadb/$file.sql" 2>/dev/null || true
    done
  } >"$dir/bootstrap.sql"
  "${server[@]}" --bootstrap --skip-networking <"$dir/bootstrap.sql"
}

mysql_verbs "$@"
