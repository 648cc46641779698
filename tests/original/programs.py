"""The two programs: DECNET 1.0.0 by its repository methods, decnet-db by its command line."""

import asyncio
import json
import logging
import os
import tempfile
from datetime import datetime, timezone

ADMIN_PASSWORD = "interop-password-1"

# DECNET reads its settings when it is imported. DECNET_TESTING stays unset: with it, the program would create tables
# without looking at the migration stamp, and the check of the stamp is what a database of ours must pass.
for name in [name for name in os.environ if name.startswith("DECNET_")]:
    if name != "DECNET_DB_BIN":
        del os.environ[name]
STARTED_IN = os.getcwd()
WORK = tempfile.mkdtemp(prefix="decnet-db-interop-")
os.chdir(WORK)  # where it would look for .env files
os.environ.update(
    DECNET_DB_TYPE="sqlite",
    DECNET_ADMIN_USER="admin",
    DECNET_ADMIN_PASSWORD=ADMIN_PASSWORD,
    DECNET_JWT_SECRET="interop-secret-interop-secret-interop-secret",
    DECNET_SYSTEM_LOGS=os.path.join(WORK, "system.log"),
    DECNET_CONFIG=os.path.join(WORK, "none.ini"),
)

from decnet.web.db.factory import get_repository  # noqa: E402
from sqlmodel import SQLModel  # noqa: E402

logging.disable(logging.WARNING)  # its migrations report every step


class Refused(Exception):
    """A call that the program answered with an error."""


class Original:
    """DECNET 1.0.0 on one file."""

    name = "DECNET"

    def __init__(self, path):
        self.repository = get_repository(db_path=path)

    async def boot(self):
        await self.repository.initialize()

    async def call(self, method, args=None):
        args = dict(args or {})
        # Where JSON has text and a list, its methods take a date-time (naive, UTC) and a set.
        for key in ("ts", "expires_at"):
            if args.get(key):
                args[key] = native(args[key])
        if method == "add_bounty" and "timestamp" in args["bounty_data"]:
            args["bounty_data"] = {**args["bounty_data"], "timestamp": native(args["bounty_data"]["timestamp"])}
        if method == "get_bounties_for_ips":
            args["ips"] = set(args["ips"])
        return zoned(await getattr(self.repository, method)(**args))

    async def recorded(self, method, args):
        """The same for a recorded call: its arguments are marked where they are no JSON, its answer is left as it is."""
        args = {key: unmarked(value) for key, value in args.items()}
        if method == "insert_tags":  # which takes its records
            args["rows"] = [record_of("ttp_tag")(**row) for row in args["rows"]]
        found = getattr(self.repository, method)(**args)
        if hasattr(found, "__aiter__"):
            return [{"attacker_uuid": item[0].uuid, "commands": item[1]} if isinstance(item, tuple) else item async for item in found]
        return await found

    async def close(self):
        await self.repository.engine.dispose()


class Ours:
    """decnet-db on one file: one `call --lines` process, one answer for each line in order."""

    name = "decnet-db"
    binary = None

    def __init__(self, path):
        self.url = "sqlite:///" + path  # the path is absolute: four slashes
        self.process = None

    async def run(self, *arguments):
        process = await asyncio.create_subprocess_exec(
            Ours.binary, "--url", self.url, *arguments, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 120)
        if process.returncode:
            raise Refused(f"decnet-db {' '.join(arguments)}: exit {process.returncode}: {err.decode().strip()}")
        return out.decode()

    async def boot(self):
        await self.run("init")

    async def call(self, method, args=None):
        if not self.process:
            self.process = await asyncio.create_subprocess_exec(
                Ours.binary, "--url", self.url, "call", "--lines", stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, limit=64 << 20,
            )
            self.sent = 0
        self.sent += 1
        request = {"id": self.sent, "method": method, "args": args or {}}
        self.process.stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        await self.process.stdin.drain()
        line = await asyncio.wait_for(self.process.stdout.readline(), 120)
        if not line:
            raise Refused(f"decnet-db call --lines ended without an answer to {method}")
        answer = json.loads(line)
        if answer.get("id") != self.sent:
            raise Refused(f"decnet-db answered {answer.get('id')} where {self.sent} was due")
        if "error" in answer:
            raise Refused(f"{method}: {answer['error'].get('kind')}: {answer['error'].get('message')}")
        return answer["ok"]

    async def close(self):
        if self.process:
            self.process.stdin.close()
            status = await asyncio.wait_for(self.process.wait(), 60)
            self.process = None
            if status:
                raise Refused(f"decnet-db call --lines ended with exit status {status}")


def native(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def record_of(table):
    """DECNET's class of a table's rows."""
    classes = [SQLModel]
    for one in classes:
        classes += one.__subclasses__()
    return next(one for one in classes if getattr(one, "__tablename__", "") == table)


def unmarked(value):
    if isinstance(value, dict):
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$hex" in value:
            return bytes.fromhex(value["$hex"])
        if "$set" in value:
            return {unmarked(item) for item in value["$set"]}
        return {key: unmarked(item) for key, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


TIMES = {"timestamp", "tokens_valid_from"}


def zoned(value, key=None):
    """What DECNET returns, in the form that we return: times with Z (ruling R1)."""
    if isinstance(value, datetime):
        value, key = value.replace(tzinfo=None).isoformat(), "timestamp"
    if isinstance(value, dict):
        return {k: zoned(v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [zoned(v, key) for v in value]
    return value + "Z" if key in TIMES and isinstance(value, str) and not value.endswith("Z") else value
