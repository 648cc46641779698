#!/usr/bin/env python3
"""Benchmark of the storage layer of the PyPI package decnet 1.0.0.

The workload (rows, order of ops, caps, percentile rule) is specified in
../workload/WORKLOAD.md; this file is one implementation of that document and
drives the package, which is installed from PyPI by tests/original/setup.sh,
only through its public repository methods.

    bench_original.py --backend sqlite --rows 10000 --seed 1
    bench_original.py --backend mysql  --rows 10000 --seed 1 --url mysql+asyncmy://...
    bench_original.py --selftest          # generator test vectors, no database
"""
from __future__ import annotations

import argparse
import asyncio
import bisect
import hashlib
import json
import math
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from datetime import datetime, timezone

# --------------------------------------------------------------- generator
M64 = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def _fin(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


def mix(x: int) -> int:
    """First output of a splitmix64 whose state is x."""
    return _fin((x + GAMMA) & M64)


class Rng:
    __slots__ = ("s",)

    def __init__(self, state: int) -> None:
        self.s = state & M64

    @classmethod
    def at(cls, seed: int, stream: int, index: int) -> "Rng":
        return cls(mix((mix((seed + stream * GAMMA) & M64) + index) & M64))

    def u64(self) -> int:
        self.s = (self.s + GAMMA) & M64
        return _fin(self.s)

    def below(self, n: int) -> int:
        return (self.u64() * n) >> 64


N_DECKIES = 50
SERVICES = ["ssh", "telnet", "ftp", "http", "https", "smtp", "smb", "rdp",
            "mysql", "redis", "mqtt", "ldap"]
EVENTS = ["connect", "disconnect", "login_attempt", "login_success", "login_failure",
          "command", "file_upload", "file_download", "http_request", "http_response",
          "port_scan", "banner_grab", "tls_hello", "dns_query", "mail_from",
          "rcpt_to", "query", "bind", "session_open", "session_close"]
USERS = ["root", "admin", "user", "test", "guest", "oracle", "postgres", "mysql",
         "ubuntu", "pi", "ftp", "www", "git", "jenkins", "deploy", "backup",
         "nagios", "tomcat", "hadoop", "support", "service", "operator", "info", "demo"]
STATUSES = ["ok", "fail", "denied", "timeout", "reset", "closed", "partial", "unknown"]
BOUNTY_TYPES = ["credential", "fingerprint", "artifact", "ip_leak", "probe_relay", "url"]
FIRST_OCTETS = [45, 91, 103, 141, 178, 185, 193, 218]
N_IPS = 5000
TOKEN = "zx9probe"
KV_SEARCH = "service:ssh username:root"
T0_US = 1_767_225_600_000_000          # 2026-01-01T00:00:00Z
SPAN_US = 30 * 86_400 * 1_000_000

S_LOG, S_ATTACKER, S_BOUNTY = 1, 2, 3
S_SEQ_E, S_C64_E, S_500_E = 10, 11, 12
S_SEQ, S_C64, S_500, S_MIXED, S_AFTER = 20, 21, 22, 23, 24
S_UP_NEW, S_UP_OLD, S_B_NEW, S_B_DUP = 25, 26, 27, 28

_cum: list[int] = []
_acc = 0
for _r in range(N_IPS):
    _acc += (1 << 32) // (_r + 1)
    _cum.append(_acc)
ZIPF_TOTAL = _acc


def zipf(rng: Rng) -> int:
    return bisect.bisect_right(_cum, rng.below(ZIPF_TOTAL))


def ip_of(rank: int) -> str:
    n = (rank * 10007) & 0xFFFFFF
    return f"{FIRST_OCTETS[rank % 8]}.{n >> 16}.{(n >> 8) & 255}.{n & 255}"


def _dt(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, timezone.utc)


def log_row(seed: int, stream: int, i: int, base_us: int) -> dict:
    """base_us: nominal time in microseconds, before jitter."""
    g = Rng.at(seed, stream, i)
    decky = f"decky-{g.below(N_DECKIES) + 1:02d}"
    service = SERVICES[g.below(12)]
    event = EVENTS[g.below(20)]
    ip = ip_of(zipf(g))
    port = 1024 + g.below(64512)
    user = USERS[g.below(24)]
    session = f"{g.u64():016x}"
    nbytes = g.below(65536)
    status = STATUSES[g.below(8)]
    hit = g.below(1000) == 0
    us = base_us + g.below(60_000_001) - 30_000_000
    if us < T0_US:
        us = T0_US
    d = _dt(us)
    stamp = d.strftime("%Y-%m-%d %H:%M:%S")
    iso = f"{stamp[:10]}T{stamp[11:]}.{us % 1_000_000:06d}Z"
    msg = f"{event} from {ip}" + (f" {TOKEN}" if hit else "")
    return {
        "timestamp": stamp,
        "decky": decky,
        "service": service,
        "event_type": event,
        "attacker_ip": ip,
        "fields": {"src_ip": ip, "src_port": str(port), "username": user,
                   "session": session, "status": status, "bytes": str(nbytes)},
        "msg": msg,
        "raw_line": (f"<134>1 {iso} {decky} {service} - {event} "
                     f'[relay@55555 src_ip="{ip}" src_port="{port}" username="{user}" '
                     f'status="{status}" bytes="{nbytes}"] {msg}'),
    }


def preload_row(seed: int, i: int, n: int) -> dict:
    return log_row(seed, S_LOG, i, T0_US + i * SPAN_US // n)


def op_row(seed: int, stream: int, k: int) -> dict:
    return log_row(seed, stream, k, T0_US + SPAN_US + k * 10_000)


def attacker(seed: int, stream: int, index: int, ip: str) -> dict:
    g = Rng.at(seed, stream, index)
    ns = 1 + g.below(4)
    nd = 1 + g.below(6)
    s0, d0 = g.below(12), g.below(N_DECKIES)
    services = [SERVICES[(s0 + j) % 12] for j in range(ns)]
    deckies = [f"decky-{(d0 + j) % N_DECKIES + 1:02d}" for j in range(nd)]
    first = T0_US + g.below(SPAN_US)
    last = first + g.below(T0_US + SPAN_US - first)
    events = 1 + g.below(5000)
    cc = chr(65 + g.below(26)) + chr(65 + g.below(26))
    asn = 1 + g.below(65000)
    fp = f"{g.u64():016x}"
    return {
        "ip": ip,
        "first_seen": _dt(first),
        "last_seen": _dt(last),
        "event_count": events,
        "service_count": ns,
        "decky_count": nd,
        "services": json.dumps(services),
        "deckies": json.dumps(deckies),
        "traversal_path": " -> ".join(deckies) if nd > 1 else None,
        "is_traversal": nd > 1,
        "bounty_count": events % 17,
        "credential_count": events % 11,
        "fingerprints": json.dumps([{"fingerprint_type": "ja3", "value": fp}]),
        "commands": json.dumps([{"service": services[0], "decky": deckies[0],
                                 "command": "uname -a"}]),
        "country_code": cc,
        "country_source": "bench",
        "asn": asn,
        "as_name": f"AS{asn} BENCH",
        "bgp_prefix": ip.rsplit(".", 1)[0] + ".0/24",
        "asn_source": "bench",
        "updated_at": _dt(last),
    }


def new_ip(k: int) -> str:
    return f"198.{18 + ((k >> 16) & 1)}.{(k >> 8) & 255}.{k & 255}"


def bounty(seed: int, stream: int, j: int, base_us: int) -> dict:
    g = Rng.at(seed, stream, j)
    return {
        "decky": f"decky-{g.below(N_DECKIES) + 1:02d}",
        "service": SERVICES[g.below(12)],
        "attacker_ip": ip_of(zipf(g)),
        "bounty_type": BOUNTY_TYPES[g.below(6)],
        "payload": {"username": USERS[g.below(24)], "value": f"{g.u64():016x}",
                    "kind": "bench", "seq": stream * 1_000_000_000 + j},
        "timestamp": _dt(base_us),
    }


def preload_bounty(seed: int, j: int, b: int) -> dict:
    return bounty(seed, S_BOUNTY, j, T0_US + j * SPAN_US // b)


def state_value(k: int) -> dict:
    return {"position": k * 4096, "file": "/var/log/decnet/decnet.json",
            "note": "x" * 64}


def canon(row: dict) -> bytes:
    f = json.dumps(row["fields"], separators=(",", ":"))
    return ("\x1f".join([row["timestamp"], row["decky"], row["service"], row["event_type"],
                         row["attacker_ip"], f, row["msg"], row["raw_line"]]) + "\n").encode()


def selftest() -> dict:
    g = Rng(1234567)
    first = [g.u64() for _ in range(3)]
    n = 10_000
    h = hashlib.sha256()
    size = hits = kv = 0
    ips: dict[str, int] = {}
    for i in range(n):
        r = preload_row(1, i, n)
        h.update(canon(r))
        size += len(r["raw_line"])
        hits += r["msg"].endswith(TOKEN)
        kv += r["service"] == "ssh" and r["fields"]["username"] == "root"
        ips[r["attacker_ip"]] = ips.get(r["attacker_ip"], 0) + 1
    h2 = hashlib.sha256()
    for k in range(1000):
        h2.update(canon(op_row(1, S_SEQ, k)))
    h3 = hashlib.sha256()
    for r in range(1000):
        a = attacker(1, S_ATTACKER, r, ip_of(r))
        h3.update((json.dumps(a, default=str, separators=(",", ":")) + "\n").encode())
    h4 = hashlib.sha256()
    for j in range(500):
        b = preload_bounty(1, j, 500)
        h4.update((json.dumps(b, default=str, separators=(",", ":")) + "\n").encode())
    return {
        "splitmix64(1234567)[0..3]": first,
        "Rng.at(1,1,0).u64": Rng.at(1, 1, 0).u64(),
        "zipf_total": ZIPF_TOTAL,
        "sha256 preload_row seed=1 N=10000, i=0..9999": h.hexdigest(),
        "sha256 op_row seed=1 stream=20, k=0..999": h2.hexdigest(),
        "sha256 attacker seed=1 stream=2, r=0..999": h3.hexdigest(),
        "sha256 preload_bounty seed=1 B=500, j=0..499": h4.hexdigest(),
        "row0": preload_row(1, 0, n),
        "raw_line_mean_bytes": size / n, "token_hits": hits, "kv_hits": kv,
        "distinct_ips": len(ips), "top_ip": max(ips.items(), key=lambda kv_: kv_[1]),
        "attacker0": json.loads(json.dumps(attacker(1, S_ATTACKER, 0, ip_of(0)), default=str)),
        "bounty0": json.loads(json.dumps(preload_bounty(1, 0, 500), default=str)),
    }


# ------------------------------------------------------------- measurement
BUDGET_S = 3.0
HARD_S = 60.0


def pct(xs: list[float], q: float) -> float:
    s = sorted(xs)
    return s[max(0, math.ceil(q * len(s)) - 1)]


def cpu() -> float:
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rss_now_mb() -> float:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


_TICK = os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, server_pid: int | None = None, ops: str = "") -> None:
        self.out: dict[str, dict] = {}
        self.server_pid = server_pid
        self.ops = {op for op in ops.split(",") if op}
        if "domains" in self.ops:
            self.ops |= set(DOMAINS)

    def wants(self, name: str) -> bool:
        return not self.ops or name in self.ops or name.split("@")[0] in self.ops

    def snap(self) -> tuple[float, float, float, float]:
        """wall, own CPU, database server CPU, CPU of the whole machine (seconds)."""
        server = 0.0
        if self.server_pid:
            with open(f"/proc/{self.server_pid}/stat") as f:
                x = f.read().rsplit(")", 1)[1].split()
            server = (int(x[11]) + int(x[12])) / _TICK
        with open("/proc/stat") as f:
            v = [int(t) for t in f.readline().split()[1:9]]
        return time.perf_counter(), cpu(), server, (sum(v) - v[3] - v[4]) / _TICK

    def _put(self, name, lat, elapsed, cpu_s, errors, rows_per_op=None, s0=None) -> None:
        n = len(lat)
        d = {"ops_per_s": round(n / elapsed, 2) if n and elapsed else 0.0,
             "p50_ms": round(pct(lat, 0.50) * 1e3, 4) if n else None,
             "p99_ms": round(pct(lat, 0.99) * 1e3, 4) if n else None,
             "n": n,
             "max_ms": round(max(lat) * 1e3, 3) if n else None,
             "cpu_ms_per_op": round(cpu_s / n * 1e3, 4) if n else None}
        if s0:
            s1 = self.snap()
            w, own, srv, busy = (q - p for p, q in zip(s0, s1))
            if self.server_pid:
                d["server_cpu_ms_per_op"] = round(srv / n * 1e3, 4) if n else None
            # share of the machine that neither this process nor the server used
            d["other_load"] = round(max(0.0, (busy - own - srv) / (w * os.cpu_count())), 2)
        if rows_per_op:
            d["rows_per_s"] = round(n * rows_per_op / elapsed, 1) if n else 0.0
        if errors:
            d["errors"] = errors
        self.out[name] = d
        print(f"  {name:32s} {d['ops_per_s']:>10} op/s  p50 {d['p50_ms']}  p99 {d['p99_ms']}"
              f"  n {n}  other {d.get('other_load')} {errors or ''}", file=sys.stderr, flush=True)

    async def seq(self, name, make, call, cap, warm, rows_per_op=None) -> None:
        """One caller. Inputs are made outside the timed span; ops/s = n / sum of latencies."""
        if not self.wants(name):
            return
        lat: list[float] = []
        errors: dict[str, int] = {}
        total = c_total = 0.0
        k = 0
        for _ in range(warm):
            try:
                await call(make(k))
            except Exception:
                pass
            k += 1
        bad = 0
        s0 = self.snap()
        while True:
            n = len(lat)
            if n >= cap or total >= HARD_S or (total >= BUDGET_S and n >= 3) or bad >= 20:
                break
            x = make(k)
            k += 1
            c0 = cpu()
            t = time.perf_counter()
            try:
                await call(x)
            except Exception as e:
                total += time.perf_counter() - t
                bad += 1
                key = f"{type(e).__name__}: {str(e)[:160]}"
                errors[key] = errors.get(key, 0) + 1
                continue
            dt = time.perf_counter() - t
            lat.append(dt)
            total += dt
            c_total += cpu() - c0
        self._put(name, lat, sum(lat), c_total, errors, rows_per_op, s0)

    async def conc(self, name, inputs, call, width=64) -> None:
        """`width` callers in a closed loop over one shared input list; the
        first `width` inputs are the untimed warm-up; ops/s = n / wall."""
        if not self.wants(name):
            return
        errors: dict[str, int] = {}

        async def one(x):
            try:
                await call(x)
                return True
            except Exception as e:
                key = f"{type(e).__name__}: {str(e)[:160]}"
                errors[key] = errors.get(key, 0) + 1
                return False

        await asyncio.gather(*(one(x) for x in inputs[:width]))
        errors.clear()
        nxt = width
        lat: list[float] = []
        s0 = self.snap()
        start = time.perf_counter()
        deadline = start + BUDGET_S
        c0 = cpu()

        async def worker():
            nonlocal nxt
            while nxt < len(inputs):
                t = time.perf_counter()
                if t >= deadline:
                    return
                x = inputs[nxt]
                nxt += 1
                if await one(x):
                    lat.append(time.perf_counter() - t)

        await asyncio.gather(*(worker() for _ in range(width)))
        wall = time.perf_counter() - start
        self._put(name, lat, wall, cpu() - c0, errors, s0=s0)


def fsync_probe(folder: str) -> float:
    path = os.path.join(folder, "fsync.probe")
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    xs = []
    for _ in range(50):
        t = time.perf_counter()
        os.write(fd, b"x" * 4096)
        os.fdatasync(fd)
        xs.append(time.perf_counter() - t)
    os.close(fd)
    os.unlink(path)
    return round(pct(xs, 0.5) * 1e3, 3)


# list_techniques_by_… are measured of decnet-db alone: the original's need a catalogue that it downloads.
DOMAINS = ("upsert_credential_new", "upsert_credential_again", "find_credential_reuse_candidates", "record_canary_trigger",
           "upsert_observation", "insert_tags_50", "list_topology_deckies")
S_CREDENTIAL, S_TRIGGER, S_OBSERVATION, S_TAG = 50, 51, 52, 53
TOPOLOGY = "11111111-0000-4000-8000-000000000001"


def decky_of(number: int) -> str:
    return f"decky-{number % N_DECKIES + 1:02d}"


def credential(seed: int, k: int) -> dict:
    g = Rng.at(seed, S_CREDENTIAL, k)
    decky, service = decky_of(g.below(N_DECKIES)), SERVICES[g.below(12)]
    ip, user = ip_of(zipf(g)), USERS[g.below(24)]
    return {"attacker_ip": ip, "decky_name": decky, "service": service, "principal": user,
            "secret_sha256": "".join(f"{g.u64():016x}" for _ in range(4)), "secret_b64": "aHVudGVyMg==",
            "secret_printable": "hunter2", "outcome": "failure", "fields": {"user": user}}


def trigger(seed: int, k: int) -> dict:
    g = Rng.at(seed, S_TRIGGER, k)
    return {"token_uuid": f"token-{k % 16}", "src_ip": ip_of(zipf(g)), "user_agent": "curl/8.0",
            "request_path": "/p", "raw_headers": '{"host": "h"}'}


def observation(seed: int, k: int, seen: list) -> dict:
    g = Rng.at(seed, S_OBSERVATION, k)
    attacker_uuid, primitive, at = seen[g.below(len(seen))], f"motor.p{g.below(8)}", 1_767_225_600.0 + k
    return {"attacker_uuid": attacker_uuid, "primitive": primitive, "value": k, "confidence": 0.5,
            "window_start_ts": at, "window_end_ts": at, "source": "bench", "evidence_ref": f"shard:{k}",
            "envelope_v": 1, "ts": at, "identity_ref": None}


def tag(seed: int, k: int, seen: list) -> dict:
    g = Rng.at(seed, S_TAG, k)
    attacker_uuid, technique = seen[g.below(len(seen))], f"T1{g.below(40):03d}"
    return {"uuid": f"tag-{k}", "source_kind": "command", "source_id": f"cmd-{k}", "attacker_uuid": attacker_uuid,
            "tactic": "TA0006", "technique_id": technique, "confidence": 0.5, "rule_id": f"R{g.below(30):04d}",
            "rule_version": 1, "evidence": {"matched_tokens": ["uname"]}, "attack_release": "v15.1"}


async def domains(b: Bench, repo, seed: int) -> None:
    if not any(b.wants(op) for op in DOMAINS):
        return
    # Its methods take instants and records where the workload's rows are plain maps.
    from sqlmodel import SQLModel
    record = next(m.class_ for m in SQLModel._sa_registry.mappers if m.class_.__tablename__ == "ttp_tag")
    await b.seq("upsert_credential_new", lambda k: credential(seed, k), repo.upsert_credential, 2000, 3)
    await b.seq("upsert_credential_again", lambda k: credential(seed, k % 100), repo.upsert_credential, 2000, 3)
    if b.wants("find_credential_reuse_candidates"):
        for k in range(2003):
            await repo.upsert_credential(credential(seed, k))
    await b.seq("find_credential_reuse_candidates", lambda _: None, lambda _: repo.find_credential_reuse_candidates(), 2000, 1)
    for t in range(16):
        await repo.create_canary_token({
            "uuid": f"token-{t}", "kind": "http", "decky_name": decky_of(t), "callback_token": f"slug-{t}",
            "placement_path": "/p", "secret_seed": "s", "generator": "g", "created_by": "u"})
    await b.seq("record_canary_trigger", lambda k: trigger(seed, k), repo.record_canary_trigger, 2000, 3)
    seen = [attacker["uuid"] for attacker in await repo.get_attackers(limit=20)]
    await b.seq("upsert_observation", lambda k: observation(seed, k, seen), repo.upsert_observation, 2000, 3)
    batch = lambda n: [record(**tag(seed, n * 50 + row, seen)) for row in range(50)]  # noqa: E731
    for n in range(200):
        await repo.insert_tags(batch(n))
    await b.seq("insert_tags_50", lambda k: batch(200 + k), repo.insert_tags, 200, 2, rows_per_op=50)
    await repo.create_topology({"id": TOPOLOGY, "name": "bench"})
    for n in range(N_DECKIES):
        await repo.add_topology_decky({
            "uuid": f"decky-{n}", "topology_id": TOPOLOGY, "name": decky_of(n), "services": ["ssh", "http"],
            "decky_config": {"name": decky_of(n)}})
    await b.seq("list_topology_deckies", lambda _: None, lambda _: repo.list_topology_deckies(TOPOLOGY), 2000, 3)


async def bench(args, work: str) -> dict:
    os.environ["DECNET_DB_TYPE"] = args.backend
    from decnet.web.db.factory import get_repository
    from decnet.web.db.models import Attacker, Bounty, Log
    import uuid

    seed, n = args.seed, args.rows
    b = Bench(int(open(args.server_pid).read()) if args.server_pid else None, args.ops)
    meta: dict = {"backend": args.backend, "rows": n, "seed": seed,
                  "python": platform.python_version(), "cpus": os.cpu_count(),
                  "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                  "load_before": os.getloadavg(), "fdatasync_p50_ms": fsync_probe(work)}
    import importlib.metadata as im
    meta["versions"] = {p: im.version(p) for p in
                        ("decnet", "sqlalchemy", "sqlmodel", "aiosqlite", "asyncmy", "pydantic")}
    meta["rss_after_import_mb"] = round(rss_mb(), 1)
    serial = 0

    async def fresh():
        """A repository on an empty database; schema made by initialize()."""
        nonlocal serial
        serial += 1
        if args.backend == "sqlite":
            for f in os.listdir(work):
                if f.startswith("bench"):
                    os.unlink(os.path.join(work, f))
            where = {"db_path": os.path.join(work, f"bench{serial}.db")}
        else:
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import create_async_engine
            base, _, db = args.url.rpartition("/")
            e = create_async_engine(base + "/mysql", isolation_level="AUTOCOMMIT")
            async with e.connect() as c:
                await c.execute(text(f"DROP DATABASE IF EXISTS `{db}`"))
                await c.execute(text(f"CREATE DATABASE `{db}`"))
                meta["server"] = (await c.execute(text("SELECT VERSION()"))).scalar()
            await e.dispose()
            where = {"url": args.url}
        repo = get_repository(**where)
        await repo.initialize()
        return repo, where

    seq_cap, c64_cap, batch_cap, read_cap = 4000, 6000, 60, 2000

    async def writes(tag: str, repo_for, s_seq, s_c64, s_500):
        if b.wants(f"add_log_seq@{tag}"):
            repo = await repo_for()
            await b.seq(f"add_log_seq@{tag}", lambda k: op_row(seed, s_seq, k), repo.add_log, seq_cap, 20)
        if b.wants(f"add_log_c64@{tag}"):
            repo = await repo_for()
            rows = [op_row(seed, s_c64, k) for k in range(c64_cap + 64)]
            await b.conc(f"add_log_c64@{tag}", rows, repo.add_log)
            del rows
        if b.wants(f"add_logs_500@{tag}"):
            repo = await repo_for()
            await b.seq(f"add_logs_500@{tag}",
                        lambda k: [op_row(seed, s_500, k * 500 + j) for j in range(500)],
                        repo.add_logs, batch_cap, 2, rows_per_op=500)

    # ---- phase A: empty table (a fresh database for each of the three)
    held: list = []

    async def each_fresh():
        while held:
            await held.pop().engine.dispose()
        repo, _ = await fresh()
        held.append(repo)
        return repo

    if not args.skip_empty:
        print("phase A: empty", file=sys.stderr)
        await writes("empty", each_fresh, S_SEQ_E, S_C64_E, S_500_E)
    while held:
        await held.pop().engine.dispose()
    meta["rss_after_empty_phase_mb"] = round(rss_mb(), 1)

    # ---- preload
    repo, where = await fresh()
    n_att, n_b = min(N_IPS, max(1, n // 10)), max(1, n // 20)
    print(f"preload: {n} logs, {n_att} attackers, {n_b} bounties", file=sys.stderr)
    lat, t_all, c_all = [], time.perf_counter(), cpu()
    for s in range(0, n, 5000):
        batch = [preload_row(seed, i, n) for i in range(s, min(n, s + 5000))]
        if args.fast_preload:
            batch = [{**r, "timestamp": datetime.fromisoformat(r["timestamp"]),
                      "fields": json.dumps(r["fields"], separators=(",", ":"))} for r in batch]
        t = time.perf_counter()
        if args.fast_preload:
            async with repo.engine.begin() as conn:
                await conn.execute(Log.__table__.insert(), batch)
        else:
            await repo.add_logs(batch)
        lat.append(time.perf_counter() - t)
        if time.perf_counter() - t_all > args.max_load_s:
            raise SystemExit(f"preload gave up after {s + len(batch)} rows in {args.max_load_s} s")
        if (s // 5000) % 20 == 19:
            print(f"    {s + 5000} rows, {5000 * len(lat) / sum(lat):.0f} rows/s", file=sys.stderr, flush=True)
    b._put("preload_core_5000" if args.fast_preload else "preload_add_logs_5000", lat, sum(lat), cpu() - c_all, {}, min(5000, n))
    meta["preload"] = {"rows": n, "seconds": round(sum(lat), 2), "rows_per_s": round(n / sum(lat), 1),
                       "first10_batches_rows_per_s": round(5000 * len(lat[:10]) / sum(lat[:10]), 1) if n >= 5000 else None,
                       "last10_batches_rows_per_s": round(5000 * len(lat[-10:]) / sum(lat[-10:]), 1) if n >= 5000 else None}
    async with repo._session() as s:
        s.add_all([Attacker(uuid=str(uuid.UUID(int=(0xA << 100) + r)),
                            **attacker(seed, S_ATTACKER, r, ip_of(r))) for r in range(n_att)])
        await s.commit()
    for j0 in range(0, n_b, 5000):
        rows = []
        for j in range(j0, min(n_b, j0 + 5000)):
            d = preload_bounty(seed, j, n_b)
            d["payload"] = json.dumps(d["payload"], separators=(",", ":"))
            rows.append(Bounty(**d))
        async with repo._session() as s:
            s.add_all(rows)
            await s.commit()
        del rows
    meta["attackers"], meta["bounties"] = n_att, n_b
    meta["rss_after_preload_mb"] = round(rss_mb(), 1)
    await repo.engine.dispose()
    repo = get_repository(**where)
    if args.backend == "sqlite":
        meta["db_bytes"] = os.path.getsize(where["db_path"])

    # ---- checks: the results both implementations must agree on
    hist = await repo.get_log_histogram(interval_minutes=15)
    deep = await repo.get_logs(limit=50, offset=n * 9 // 10)
    meta["checks"] = {
        "total_logs": await repo.get_total_logs(),
        "total_text": await repo.get_total_logs(search=TOKEN),
        "total_kv": await repo.get_total_logs(search=KV_SEARCH),
        "hist_buckets": len(hist), "hist_sum": sum(h["count"] for h in hist),
        "hist_first": hist[0], "hist_last": hist[-1],
        "deep_first_timestamp": deep[0]["timestamp"],
        "page1_first_timestamp": (await repo.get_logs(limit=50))[0]["timestamp"],
        "stats": await repo.get_stats_summary(),
        "max_log_id": await repo.get_max_log_id(),
        "row_keys": list(deep[0].keys()),
    }
    await repo.engine.dispose()
    repo = get_repository(**where)

    # ---- phase B: reads at exactly N log rows
    print("phase B: reads", file=sys.stderr)
    none = lambda k: None  # noqa: E731
    R = b.seq
    await R("get_logs_page1", none, lambda _: repo.get_logs(limit=50, offset=0), read_cap, 3)
    await R("get_logs_deep", none, lambda _: repo.get_logs(limit=50, offset=n * 9 // 10), read_cap, 1)
    await R("get_logs_search_kv", none, lambda _: repo.get_logs(limit=50, search=KV_SEARCH), read_cap, 1)
    await R("get_logs_search_text", none, lambda _: repo.get_logs(limit=50, search=TOKEN), read_cap, 1)
    await R("get_total_logs", none, lambda _: repo.get_total_logs(), read_cap, 1)
    await R("get_total_logs_search_text", none, lambda _: repo.get_total_logs(search=TOKEN), read_cap, 1)
    await R("get_log_histogram", none, lambda _: repo.get_log_histogram(interval_minutes=15), read_cap, 1)
    await R("get_stats_summary", none, lambda _: repo.get_stats_summary(), read_cap, 1)
    await R("get_logs_after_id", lambda k: Rng.at(seed, S_AFTER, k).below(max(1, n - 500)),
            lambda x: repo.get_logs_after_id(x, limit=500), read_cap, 3)
    await R("get_bounties_page1", none, lambda _: repo.get_bounties(limit=50), read_cap, 3)
    await R("get_attackers_page1", none, lambda _: repo.get_attackers(limit=50), read_cap, 3)
    await R("get_user_by_username", none, lambda _: repo.get_user_by_username("admin"), read_cap, 3)
    # Each is a scan here, whether or not it was asked before.
    for op, text in {"search_rare_first": TOKEN, "search_absent_first": "absent-00000-",
                     "search_common_first": "src_port", "search_rare_again": TOKEN}.items():
        await R(op, lambda _, text=text: text, lambda text: repo.get_total_logs(search=text), 100, 1)
    await R("search_rare_page_first", none, lambda _: repo.get_logs(limit=50, search=TOKEN), 100, 1)
    meta["rss_after_reads_mb"] = round(rss_mb(), 1)

    # ---- phase C: small writes
    print("phase C: writes", file=sys.stderr)
    W = read_cap
    await R("set_state", lambda k: (f"bench-{k % 16:02d}", state_value(k)),
            lambda x: repo.set_state(*x), W, 16)
    await R("get_state", lambda k: f"bench-{k % 16:02d}", lambda x: repo.get_state(x), W, 16)
    await R("upsert_attacker_new", lambda k: attacker(seed, S_UP_NEW, k, new_ip(k)),
            repo.upsert_attacker, W, 3)
    await R("upsert_attacker_existing",
            lambda k: attacker(seed, S_UP_OLD, k, ip_of(Rng.at(seed, S_UP_OLD + 100, k).below(n_att))),
            repo.upsert_attacker, W, 3)
    await R("add_bounty_new", lambda k: bounty(seed, S_B_NEW, k, T0_US + SPAN_US + k * 1_000_000),
            repo.add_bounty, W, 3)
    await R("add_bounty_dup", lambda k: preload_bounty(seed, Rng.at(seed, S_B_DUP, k).below(n_b), n_b),
            repo.add_bounty, W, 3)

    # ---- phase D: log writes on top of N rows, then the mix
    async def same():
        return repo

    await writes("N", same, S_SEQ, S_C64, S_500)
    mixed = [(Rng.at(seed, S_MIXED + 100, k).below(5) == 0, op_row(seed, S_MIXED, k))
             for k in range(c64_cap + 64)]

    async def mixed_call(x):
        if x[0]:
            await repo.get_logs(limit=50, offset=0)
        else:
            await repo.add_log(x[1])

    await b.conc("mixed_c64", mixed, mixed_call)
    del mixed

    # ---- phase E: the domains beside logs
    await domains(b, repo, seed)

    # ---- beyond the workload: callers by number, rows of stream 400 + width
    for width in (1, 8, 64, 512):
        if b.wants(f"add_log_callers_{width}"):
            rows = [op_row(seed, 400 + width, k) for k in range(c64_cap + width)]
            await b.conc(f"add_log_callers_{width}", rows, repo.add_log, width)

    meta["rows_at_end"] = await repo.get_total_logs()
    await repo.engine.dispose()
    meta["peak_rss_mb"] = round(rss_mb(), 1)
    meta["rss_end_mb"] = round(rss_now_mb(), 1)
    if b.server_pid:
        with open(f"/proc/{b.server_pid}/status") as f:
            for line in f:
                if line.startswith(("VmHWM", "VmRSS")):
                    meta["server_" + line.split(":")[0]] = line.split(":")[1].strip()
    meta["load_after"] = os.getloadavg()
    meta["ended"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {**b.out, "_meta": meta}


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--backend", choices=["sqlite", "mysql"], default="sqlite")
    ap.add_argument("--rows", type=int, default=10_000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--url", default="mysql+asyncmy://decnet:decnet@127.0.0.1:3307/decnet_bench",
                    help="mysql only; this database is DROPPED and recreated")
    ap.add_argument("--dir", default=None, help="folder for the SQLite file (default: a temporary one)")
    ap.add_argument("--server-pid", default=None, help="pid file of the MySQL server, to report its memory")
    ap.add_argument("--fast-preload", action="store_true",
                    help="preload with plain multi-row inserts instead of add_logs (same rows)")
    ap.add_argument("--ops", default="", help="only these operations, with commas between")
    ap.add_argument("--skip-empty", action="store_true", help="leave out phase A")
    ap.add_argument("--max-load-s", type=float, default=900)
    ap.add_argument("--selftest", action="store_true")
    args = ap.parse_args()
    if args.selftest:
        print(json.dumps(selftest(), indent=1))
        return
    work = tempfile.mkdtemp(prefix="decnet-bench-", dir=args.dir)
    os.environ.update(DECNET_TESTING="1", DECNET_ADMIN_USER="admin",
                      DECNET_ADMIN_PASSWORD="bench-password-1",
                      DECNET_JWT_SECRET="bench-secret-bench-secret-bench-secret",
                      DECNET_SYSTEM_LOGS=os.path.join(work, "system.log"))
    os.chdir(work)
    try:
        print(json.dumps(asyncio.run(bench(args, work)), indent=1))
    finally:
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
