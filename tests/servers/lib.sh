# Functions that the server scripts of this folder share. Sourced, not run.
#
# A server is known by its pid file and by one argument of its command line, its data folder: a stale pid file whose number now
# belongs to another program never gets a signal. `dir` is the server's folder, `name` its database, user and password, which
# guard nothing: servers listen on the loopback address only.

PATH=$PATH:/usr/sbin:/usr/local/sbin # where Debian keeps servers, and a plain user's PATH lacks
name=decnet

say() { printf '%s\n' "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# The comment at the top of the script.
usage() { sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

# One change at a time on the same folder. Servers don't inherit the lock: they are started with 9>&-.
alone() {
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock -w 300 9 || die "another run holds $dir.lock"
}

# own_folder: makes the folder and marks it as ours; refuses one that holds something else.
own_folder() {
  if [ -e "$dir" ] && [ ! -e "$dir/made-by-${0##*/}" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir holds something else: choose another folder"
  fi
  mkdir -p "$dir" && touch "$dir/made-by-${0##*/}"
  [ "${#dir}" -le 80 ] || die "$dir is too long a path for a unix socket: choose another folder"
}

remove_folder() {
  [ -e "$dir" ] || return 0
  [ -e "$dir/made-by-${0##*/}" ] || die "$dir was not made by this script"
  rm -rf -- "$dir"
}

# process PIDFILE ARGUMENT: prints the process id if that process lives and has that argument.
process() {
  local pid
  pid=$(head -n 1 "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$2" || return 1
  echo "$pid"
}

# gone PID: whether a process is no more, or a zombie without threads: before that its port may still be open, also when it has no
# command line any more, and would be taken for somebody else's.
gone() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  case ${stat##*) } in [ZX]*) [ "$(ls "/proc/$1/task" 2>/dev/null | wc -l)" -le 1 ] ;; *) return 1 ;; esac
}

# ended PID SECONDS: waits until a process has ended.
ended() {
  local deadline=$((SECONDS + $2))
  until gone "$1"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# end PID: an orderly stop; SIGKILL after a minute.
end() {
  kill -CONT "$1" 2>/dev/null || true
  kill -TERM "$1" 2>/dev/null || true
  ended "$1" 60 && return
  say "no shutdown within 60 s: killed"
  kill -KILL "$1" && ended "$1" 10
}

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# choose_port FILE [COUNT]: a free port and the free ones after it, chosen once and kept, so that clients find the server again
# after a restart.
choose_port() {
  local port at
  [ ! -e "$1" ] || return 0
  while :; do
    port=$((20000 + RANDOM % 11000)) # below the range that outgoing connections get their ports from
    for at in $(seq "$port" $((port + ${2:-1} - 1))); do ! taken "$at" || continue 2; done
    break
  done
  echo "$port" >"$1"
}

# needs COMMAND PACKAGE...: installs packages when the command is missing.
needs() {
  local command=$1
  shift
  ! command -v "$command" >/dev/null || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "$command is missing: install it (Debian: $*)"
  fi
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  # No service is started on the system's own ports while they install.
  local install=(apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@") guard=/usr/sbin/policy-rc.d made=''
  [ -e "$guard" ] || { printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod 755 "$guard" && made=1; }
  # A machine's package lists may be missing or too old to be installed from; they are fetched only then.
  "${install[@]}" >/dev/null 2>&1 || { apt-get -qq update >&2 && "${install[@]}" >&2; } || true
  [ -z "$made" ] || rm -f "$guard"
  command -v "$command" >/dev/null || die "could not install $*"
}

# unpack ROOT PACKAGE...: packages of Debian's unstable release and every library that they need, down to libc, unpacked into
# ROOT; the system's own packages stay as they are. Programs there run through that folder's own loader, `loader`.
unpack() {
  local root=$1 apt=$1.apt mirror deb
  shift
  loader=("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu")
  mkdir -p "$(dirname "$root")"
  exec 8>"$root.lock"
  flock -w 900 8 || die "another run holds $root.lock"
  if [ ! -e "$root/.complete" ]; then
    command -v apt-get >/dev/null || die "there is no apt-get here to download $* with"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep '/debian/*$' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
    [ -n "$mirror" ] || die "no Debian mirror is among this system's sources of packages"
    say "downloading $* of Debian unstable"
    rm -rf -- "$apt" "$root"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$root"
    : >"$apt/status" # nothing counts as installed, so that all of it is fetched
    echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<C
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Architecture "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
C
    APT_CONFIG=$apt/apt.conf apt-get -qq update >&2
    APT_CONFIG=$apt/apt.conf apt-get -qq -y --download-only install "$@" >"$apt/log" 2>&1 ||
      { tail -n 20 "$apt/log" >&2; die "Debian unstable has no $* to install"; }
    for deb in "$apt"/cache/archives/*.deb; do
      case ${deb##*/} in perl* | libperl* | gcc-*-base*) continue ;; esac
      dpkg-deb -x "$deb" "$root"
    done
    rm -rf -- "$apt"
    touch "$root/.complete"
  fi
  exec 8>&-
}

# What MySQL and MariaDB have in common. The script has `server` (program and options that are always the same), `client`, and
# `make_data`; `arguments` are more options for the server.
running() { process "$dir/pid" "--datadir=$dir/data"; }
as_root() { "${client[@]}" --no-defaults --default-character-set=utf8mb4 --socket="$dir/socket" --user=root "$@"; }
answers() { running >/dev/null && timeout 5 "${client[@]}" --no-defaults --socket="$dir/socket" --user=root -e 'DO 1' >/dev/null 2>&1; }
account="CREATE DATABASE IF NOT EXISTS $name CHARACTER SET utf8mb4;
  CREATE USER IF NOT EXISTS '$name'@'%' IDENTIFIED BY '$name';
  GRANT ALL ON *.* TO '$name'@'%' WITH GRANT OPTION"

start_mysql() {
  if running >/dev/null; then
    answers || die "process $(running) runs but does not answer; see $dir/log"
    return
  fi
  own_folder
  prepare
  if [ ! -e "$dir/complete" ]; then
    rm -rf -- "$dir/data"
    make_data >"$dir/log" 2>&1 || { grep -iE 'error|fail|denied|space' "$dir/log" | head -n 20 >&2; die "could not make the data folder"; }
    touch "$dir/complete"
  fi
  # A port that somebody else took meanwhile is given up.
  [ ! -e "$dir/port" ] || ! taken "$(cat "$dir/port")" || rm "$dir/port"
  choose_port "$dir/port"
  rm -f "$dir/pid" "$dir/socket" "$dir/socket.lock"
  # flush-log 2: a commit reaches the kernel, which is what outlives SIGKILL; only a power cut would lose it.
  # shellcheck disable=SC2086 # the arguments are a list of words
  nohup "${server[@]}" --socket="$dir/socket" --pid-file="$dir/pid" --bind-address=127.0.0.1 --port="$(cat "$dir/port")" \
    --skip-name-resolve --character-set-server=utf8mb4 --tmpdir="$dir/data" --max-connections=300 \
    --innodb-flush-log-at-trx-commit=2 $arguments >>"$dir/log" 2>&1 </dev/null 9>&- &
  local child=$! deadline=$((SECONDS + 60))
  until answers; do
    kill -0 "$child" 2>/dev/null || { tail -n 20 "$dir/log" >&2; die "the server ended while starting; see $dir/log"; }
    [ "$SECONDS" -lt "$deadline" ] || die "no answer within 60 s; see $dir/log"
    sleep 0.05
  done
  as_root -e "$account"
}

stop_mysql() {
  local pid
  pid=$(running) || return 0
  end "$pid"
  rm -f "$dir/pid" "$dir/socket" "$dir/socket.lock"
}

mysql_verbs() {
  local pid
  case ${1:-} in
    start) alone; start_mysql; say "version $(as_root -Ne 'SELECT VERSION()') on port $(cat "$dir/port"), in $dir" ;;
    stop) alone; stop_mysql ;;
    kill) alone; pid=$(running) || die "not running"; kill -KILL "$pid"; ended "$pid" 10 || die "process $pid outlives SIGKILL" ;;
    freeze) pid=$(running) || die "not running"; kill -STOP "$pid" ;;
    thaw) pid=$(running) || die "not running"; kill -CONT "$pid" ;;
    restart) alone; stop_mysql; start_mysql ;;
    clean) alone; [ ! -e "$dir" ] || own_folder; stop_mysql; remove_folder; rm -f "$dir.lock" ;;
    status) if answers; then say "up, port $(cat "$dir/port"), process $(running)"; else say "down"; exit 3; fi ;;
    url) [ -e "$dir/port" ] || die "never started"; echo "mysql://$name:$name@127.0.0.1:$(cat "$dir/port")/$name${url_options:-}" ;;
    sql) shift; as_root -e "$*" ;;
    *) usage ;;
  esac
}

# What clusters of three nodes have in common. The script says with `what` what it calls a node, and has `port N`, `running N`,
# `sql N …`, `start`, `status` and `await COUNT`; `url_options` are more options of the URL.
home() { echo "$dir/node$1"; }
node() { case ${1:-} in 1 | 2 | 3) ;; *) die "which $what: 1, 2 or 3?" ;; esac; }
stop_nodes() { local n pid; for n in 3 2 1; do pid=$(running $n) || continue; end "$pid"; done; }
send() { local pid; pid=$(running "$2") || die "$what $2 is not running"; kill "-$1" "$pid"; echo "$pid"; }

cluster_verbs() {
  local pid hosts n
  case ${1:-} in start | stop | kill | clean) alone ;; esac
  case ${1:-} in kill | freeze | thaw | sql) node "${2:-}" ;; esac
  case ${1:-} in
    start) start; status ;;
    stop) stop_nodes ;;
    kill) pid=$(send KILL "$2"); ended "$pid" 10 ;;
    freeze) send STOP "$2" >/dev/null ;;
    thaw) send CONT "$2" >/dev/null ;;
    wait) await "${2:?how many}" ;;
    status) status ;;
    url)
      [ -e "$dir/port" ] || die "never started"
      hosts=127.0.0.1:$(port 1),127.0.0.1:$(port 2),127.0.0.1:$(port 3)
      [ -z "${2:-}" ] || { node "$2"; hosts=127.0.0.1:$(port "$2"); }
      echo "mysql://$name:$name@$hosts/$name${url_options:-}"
      ;;
    sql) n=$2; shift 2; sql "$n" -e "$*" ;;
    clean) [ ! -e "$dir" ] || own_folder; [ ! -e "$dir/port" ] || stop_nodes; remove_folder; rm -f "$dir.lock" ;;
    *) usage ;;
  esac
}
