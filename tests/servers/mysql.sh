#!/usr/bin/env bash
# A private Oracle MySQL for the tests: a data folder of its own, a free port of 127.0.0.1, no part of any other server.
#
#   mysql.sh start      makes the data folder if there is none, starts the server, waits until it answers
#   mysql.sh stop       orderly shutdown; the data stays
#   mysql.sh kill       SIGKILL, as in a crash; the data stays
#   mysql.sh freeze     SIGSTOP: connections stay open and nothing answers; `thaw` undoes it
#   mysql.sh restart    stop, then start: same data, same port
#   mysql.sh status     says whether it answers; exit status 3 if it does not
#   mysql.sh url        mysql://user:password@127.0.0.1:port/database?server-public-key=FILE
#   mysql.sh sql TEXT   runs TEXT as the server's root user
#   mysql.sh clean      stop, and delete the folder
#
# Debian's stable releases have only MariaDB: the server comes from its unstable release, unpacked into a folder beside the
# system's packages.
#
# Environment, with what holds without it:
#   DECNET_TEST_MYSQL_DIR=${TMPDIR:-/tmp}/decnet-db-mysql-UID    one folder is one server
#   DECNET_TEST_MYSQL_ARGS=     more options for the server, e.g. '--max-connections=10 --wait-timeout=2'
#   DECNET_TEST_MYSQL_ROOT=${XDG_CACHE_HOME:-~/.cache}/decnet-db/mysql    the programs, downloaded once for all servers
#
# The account in the URL may do everything, for tests that create databases and users of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$(realpath -m "${DECNET_TEST_MYSQL_DIR:-${TMPDIR:-/tmp}/decnet-db-mysql-$(id -u)}")
arguments=${DECNET_TEST_MYSQL_ARGS:-}
root=$(realpath -m "${DECNET_TEST_MYSQL_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/decnet-db/mysql}")

run_as=()
[ "$(id -u)" != 0 ] || run_as=(--user=root)
loader=("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu")
client=("${loader[@]}" "$root/usr/bin/mysql")
# secure-file-priv: the built-in folder is not there, and the server then refuses to start. mysqlx: a second protocol on a port
# of its own. skip-log-bin: nobody replicates from here.
server=("${loader[@]}" "$root/usr/sbin/mysqld" --no-defaults "${run_as[@]}" --datadir="$dir/data" --basedir="$root/usr"
  --lc-messages-dir="$root/usr/share/mysql" --character-sets-dir="$root/usr/share/mysql/charsets"
  --plugin-dir="$root/usr/lib/mysql/plugin" --mysqlx=OFF --skip-log-bin --secure-file-priv=NULL --innodb-use-native-aio=0)

# With what the server proves itself by, as the first login after each start wants the password itself.
url_options="?server-public-key=$dir/data/public_key.pem"

prepare() { unpack "$root" mysql-server-core mysql-client-core; }

make_data() {
  # shellcheck disable=SC2086 # the arguments are a list of words
  "${server[@]}" $arguments --initialize-insecure
}

mysql_verbs "$@"
