"""Runs DECNET 1.0.0 and decnet-db on the same SQLite files, both as black boxes.

DECNET is driven by its public repository methods, decnet-db by its command line (`init`, `status`, `call --lines`).
Started by tests/original/run, with the python of the environment that setup.sh makes:

    python interop.py --bin path/to/decnet-db
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import sys

import bcrypt
from programs import ADMIN_PASSWORD, STARTED_IN, WORK, Original, Ours, native
from recorded import at_once, read_alike, write_in_turn
from rows import STATES, bounties, fill, log, odd_logs


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = []

    def equal(self, what, found, expected):
        if found == expected:
            self.passed += 1
            return
        self.failed.append(what)
        print(f"  FAILED {what}\n    expected {show(expected)}\n    found    {show(found)}", flush=True)

    @contextlib.asynccontextmanager
    async def part(self, title, *programs):
        """One scenario. One that breaks down is a failure, and the others still run."""
        before = self.passed, len(self.failed)
        print(f"{title}", flush=True)
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self.failed.append(title)
            print(f"  FAILED, and not finished: {type(error).__name__}: {error}", flush=True)
        for program in programs:
            try:
                await program.close()
            except Exception as error:  # noqa: BLE001
                self.failed.append(f"{title}: closing {program.name}")
                print(f"  FAILED closing {program.name}: {error}", flush=True)
        print(f"  {self.passed - before[0]} comparisons held, {len(self.failed) - before[1]} failed", flush=True)


def show(value):
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return text if len(text) < 1500 else text[:1500] + "…"


def schema(path):
    """Tables with columns, keys, references and indexes, and the migration stamp: all that DECNET could trip over."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found = {}
        for table in tables:
            indexes = {}
            for _, index, unique, origin, partial in db.execute(f'PRAGMA index_list("{table}")'):
                columns = tuple(row[2] for row in db.execute(f'PRAGMA index_info("{index}")'))
                # SQLite numbers the indexes of constraints by their place in the DDL, which is free to vary.
                indexes[index if origin == "c" else f"{origin}:{','.join(columns)}"] = (columns, unique, partial)
            references = sorted(row[2:] for row in db.execute(f'PRAGMA foreign_key_list("{table}")'))
            found[table] = (list(db.execute(f'PRAGMA table_info("{table}")')), indexes, references)
        return found, list(db.execute("SELECT version_num FROM alembic_version"))


def check_file(checks, path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        checks.equal("integrity of the file", db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        checks.equal("journal mode", db.execute("PRAGMA journal_mode").fetchone(), ("wal",))
        # Comparing times is comparing text, so every stored one must have the 26 characters.
        odd = db.execute("SELECT timestamp FROM logs WHERE length(timestamp) <> 26 UNION ALL "
                         "SELECT timestamp FROM bounty WHERE length(timestamp) <> 26").fetchall()
        checks.equal("form of the stored times", odd, [])


async def check_rows(checks, reader, tag):
    """What was written is what is read: compared with the rows above, not with another program."""
    said = lambda what: f"{reader.name}: {what}"  # noqa: E731
    logs = await reader.call("get_logs", {"limit": 1000, "offset": 0})
    by_line = {row["raw_line"]: row for row in logs}
    written = [log(n, tag) for n in range(1, 61)] + odd_logs()
    checks.equal(said("number of logs"), len(logs), len(written))
    for row in written:
        fields = row["fields"]
        if isinstance(fields, dict):
            fields = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        moment = native(row["timestamp"])
        expected = {"trace_id": None, "span_id": None} | row | {"fields": fields, "timestamp": moment.isoformat() + "Z"}
        found = dict(by_line.get(row["raw_line"], {}))
        found.pop("id", None)
        checks.equal(said(f"log {row['fields']!s:.60}"), found, expected)
    for key, value in STATES.items():
        checks.equal(said(f"state {key}"), await reader.call("get_state", {"key": key}), value)
    found = await reader.call("get_bounties", {"limit": 50, "offset": 0})
    expected = []
    for row in reversed(bounties(tag)[:-1]):
        payload = row["payload"]
        with contextlib.suppress(ValueError, TypeError):
            payload = json.loads(payload)
        expected.append(row | {"payload": payload, "timestamp": row["timestamp"].removesuffix(".000000") + "Z"})
    checks.equal(said("bounties"), [{k: v for k, v in row.items() if k != "id"} for row in found], expected)
    user = await reader.call("get_user_by_username", {"username": "bob"})
    checks.equal(said("user bob"), user, {
        "uuid": "00000000-0000-4000-8000-000000000000", "username": "bob", "password_hash": "hash 0", "role": "viewer",
        "must_change_password": False, "tokens_valid_from": None})


async def check_same(checks, one, other):
    """Both programs give the same answer to every read."""
    reads = [("get_user_by_username", {"username": name}) for name in ("admin", "bob", "Bob", "BOB", "nobody")]
    reads += [("get_user_by_uuid", {"uuid": "00000000-0000-4000-8000-000000000002"}), ("list_users", {})]
    reads += [("is_token_revoked", {"jti": "f" * 32}), ("is_token_revoked", {"jti": "0" * 32})]
    # Searches on which the language of document 30 as measured and ruling R5 agree.
    searches = [None, "", "decky-03", "service:ssh", "event:command attacker:192.0.2.7", "username:root n:3",
                "'attempt 7 '", "username:\"o'brien\"", "nothing-has-this", "username:管理员", "decky:decky-04 http"]
    for search in searches:
        # Rows whose fields are not JSON make DECNET's JSON searches fail as a whole: keep them out by time.
        window = {"search": search, "start_time": "2026-03-01 00:00:00", "end_time": "2026-03-31 00:00:00"}
        reads += [("get_logs", {"limit": 20, "offset": 3, **window}), ("get_total_logs", window),
                  ("get_logs_after_id", {"last_id": 30, "limit": 15, "search": search} if not search or "username" not in search
                   else {"last_id": 10_000, "limit": 15}),
                  ("get_log_histogram", {"interval_minutes": 10, **window})]
    reads += [("get_logs", {}), ("get_logs", {"limit": 0, "offset": 0}), ("get_total_logs", {}), ("get_max_log_id", {}),
              ("get_stats_summary", {}), ("get_bounties", {}), ("get_bounties", {"bounty_type": "artifact"}),
              ("get_bounties", {"search": "decky-02"}), ("get_total_bounties", {}),
              ("get_total_bounties", {"bounty_type": "ip_leak", "search": "json"}), ("get_all_bounties_by_ip", {}),
              ("get_bounties_for_ips", {"ips": ["192.0.2.7", "2001:db8::7", "192.0.2.99"]}),
              ("get_bounties_for_ips", {"ips": []}), ("get_fingerprint_bounties_by_ip", {"ip": "192.0.2.7"}),
              ("get_all_fingerprint_bounties_for_export", {}),
              ("count_probe_relays", {"attacker_ip": "203.0.113.9", "decky": "decky-03"})]
    reads += [("get_state", {"key": key}) for key in [*STATES, "missing"]]
    for method, args in reads:
        answers = []
        for program in (one, other):
            answer = await program.call(method, args)
            if method == "list_users":  # in no order that DECNET promises
                answer = sorted(answer, key=lambda user: user["uuid"])
            answers.append(answer)
        checks.equal(f"{method} {json.dumps(args, ensure_ascii=False)}: {one.name} as {other.name}", *answers)


# ---------------------------------------------------------------- scenarios


async def ours_then_original(checks, path):
    ours, original = Ours(path), Original(path)
    async with checks.part("A database of ours: DECNET boots on it and reads it", ours, original):
        await ours.boot()
        await fill(ours, "ours")
        admin = await ours.call("get_user_by_username", {"username": "admin"})
        good = bcrypt.checkpw(ADMIN_PASSWORD.encode(), admin["password_hash"].encode())
        checks.equal("the administrator's seeded password", (good, admin["role"], admin["must_change_password"]),
                     (True, "admin", True))
        status = json.loads(await ours.run("status", "--json"))
        checks.equal("status --json is an object", type(status), dict)
        before = schema(path)
        await original.boot()
        checks.equal("the schema after DECNET booted on it", schema(path), before)
        seen = await original.call("get_user_by_username", {"username": "admin"})
        # DECNET renews the hash at each boot until the password was changed.
        checks.equal("the administrator stays who he is", seen["uuid"], admin["uuid"])
        await check_rows(checks, original, "ours")
        await check_rows(checks, ours, "ours")
        await check_same(checks, original, ours)
        # And on: each side adds to what is there, and the other sees it at once.
        total = await ours.call("get_total_logs")
        await original.call("add_log", {"log_data": log(100, "DECNET")})
        checks.equal("we see what DECNET adds", await ours.call("get_total_logs"), total + 1)
        await ours.call("add_log", {"log_data": log(101, "ours")})
        checks.equal("DECNET sees what we add", await original.call("get_total_logs"), total + 2)
        checks.equal("the newest id", await original.call("get_max_log_id"), total + 2)
        # The offset is ours alone: DECNET would drop it when it writes, and reads what we converted.
        await ours.call("add_log", {"log_data": log(102, "offset") | {"timestamp": "2026-06-01T01:00:00+02:00"}})
        newest = (await original.call("get_logs_after_id", {"last_id": total + 2, "limit": 1}))[0]
        checks.equal("a time with an offset", newest["timestamp"], "2026-05-31T23:00:00Z")
        check_file(checks, path)


async def foreign_stamp(checks, path):
    """Shows that the check of the stamp runs at all, so that the boots above mean something."""
    copy = path + ".stamp"
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        target.commit()
    original = Original(copy)
    async with checks.part("A database with a foreign stamp: DECNET refuses it", original):
        try:
            await original.boot()
            checks.equal("the boot", "succeeded", "refused")
        except Exception as error:  # noqa: BLE001
            checks.equal("the reason", "ffffffffffff" in str(error), True)


async def original_then_ours(checks, path, reference):
    ours, original = Ours(path), Original(path)
    async with checks.part("A database of DECNET's: we open it and read it", ours, original):
        await original.boot()
        if os.path.exists(reference):
            checks.equal("the schema that we make is the one that DECNET makes", schema(reference), schema(path))
        await fill(original, "DECNET")
        before = schema(path)
        await check_rows(checks, ours, "DECNET")
        await check_same(checks, ours, original)
        await ours.boot()
        checks.equal("the schema after we initialised it again", schema(path), before)
        await ours.call("add_logs", {"log_entries": [log(n, "ours") for n in range(200, 220)]})
        await ours.call("set_state", {"key": "ingest_worker_position", "value": {"position": 8192}})
        await original.boot()
        found = await original.call("get_state", {"key": "ingest_worker_position"})
        checks.equal("the state that we overwrote", found, {"position": 8192})
        await check_same(checks, ours, original)
        check_file(checks, path)


async def both_at_once(checks, path, rows=300):
    ours, original = Ours(path), Original(path)
    async with checks.part("Both write one file at the same time, from two processes", ours, original):
        await ours.boot()
        await original.boot()
        meeting = asyncio.Barrier(2)
        done, overlap = {}, {}

        async def write(program, other):
            done[program.name] = 0
            await meeting.wait()
            for number in range(rows):
                await program.call("add_log", {"log_data": log(number, program.name)})
                if number % 3 == 0:
                    await program.call("add_logs", {"log_entries": [log(number, program.name + " batch")] * 5})
                if number % 10 == 0:
                    await program.call("set_state", {"key": program.name, "value": {"position": number}})
                    bounty = bounties(f"{program.name} {number}")[0]
                    await program.call("add_bounty", {"bounty_data": bounty})
                done[program.name] = number + 1
                # Neither may run far ahead, or the two would not write at the same time.
                while done[program.name] > done[other] + 20 and done[other] < rows:
                    await asyncio.sleep(0)
            overlap[program.name] = done[other]

        try:
            async with asyncio.timeout(300), asyncio.TaskGroup() as writers:
                writers.create_task(write(ours, original.name))
                writers.create_task(write(original, ours.name))
        except ExceptionGroup as errors:
            raise errors.exceptions[0]
        checks.equal("they did overlap", min(overlap.values()) > rows - 50, True)
        singles, batched = rows, 5 * ((rows + 2) // 3)
        checks.equal("nothing lost, nothing twice", await ours.call("get_total_logs"), 2 * (singles + batched))
        for name in (ours.name, original.name):
            found = await original.call("get_logs", {"search": f"tag:{name}", "limit": 10 * rows})
            numbers = sorted(int(json.loads(row["fields"])["n"]) for row in found)
            checks.equal(f"every row of {name}", numbers, list(range(rows)))
            state = await ours.call("get_state", {"key": name})
            checks.equal(f"the last state of {name}", state, {"position": (rows - 1) // 10 * 10})
        checks.equal("bounties", await original.call("get_total_bounties"), 2 * ((rows + 9) // 10))
        check_file(checks, path)


async def recorded_in_turn(checks, path, name, first):
    ours, original = Ours(path), Original(path)
    title = f"The recorded writes of {name} in turn, {(ours, original)[first].name} the even ones: each goes on with the other's rows"
    async with checks.part(title, ours, original):
        await (ours, original)[first].boot()
        await (original, ours)[first].boot()
        keys = await write_in_turn(checks, ours, original, name, first)
        await read_alike(checks, ours, original, name, keys)


async def later_domains_at_once(checks, path):
    ours, original = Ours(path), Original(path)
    async with checks.part("Both write the later domains at the same time, from two processes", ours, original):
        await ours.boot()
        await original.boot()
        await at_once(checks, ours, original, {ours.name: original.name, original.name: ours.name})


async def main():
    checks = Checks()
    first, second, third = (os.path.join(WORK, name) for name in ("ours.db", "original.db", "both of them.db"))
    await ours_then_original(checks, first)
    if os.path.exists(first):
        await foreign_stamp(checks, first)
    await original_then_ours(checks, second, first)
    await both_at_once(checks, third)
    for name in ("deployment", "intelligence"):
        for first in (0, 1):
            await recorded_in_turn(checks, os.path.join(WORK, f"{name}-{first}.db"), name, first)
    await later_domains_at_once(checks, os.path.join(WORK, "later domains.db"))
    if checks.failed:
        print(f"interop: {len(checks.failed)} comparisons FAILED, {checks.passed} held")
        return 1
    print(f"interop: all {checks.passed} comparisons held")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DECNET_DB_BIN"), help="the decnet-db program")
    parser.add_argument("--keep", action="store_true", help="keep the databases, and say where they are")
    options = parser.parse_args()
    Ours.binary = options.bin and os.path.join(STARTED_IN, options.bin)
    if not Ours.binary or not os.access(Ours.binary, os.X_OK):
        sys.exit(f"interop.py: no decnet-db program at {Ours.binary}: give --bin PATH")
    try:
        status = asyncio.run(main())
    finally:
        if options.keep:
            print(f"databases: {WORK}")
        else:
            os.chdir("/")
            shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(status)
