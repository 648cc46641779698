"""DECNET 1.0.0 as one of many programs that write to one database at once.

A process of the harness in tests/crash (part `contention`), which starts it with the python of the environment that setup.sh
makes, and which hears from it what its own processes say (tests/crash/src/child.rs):

    python contender.py URL PROCESS SEED TASKS SECONDS

It stores events, batches of them, and attackers, by the public repository methods. What DECNET answers with an error counts as
not known: whether something was written then is not promised anywhere. Counters it leaves alone, since it counts by reading and
writing back; and each task has attackers of its own, since DECNET looks for one and then inserts it: where two programs do so at
once on a server, and one of them is DECNET, both may insert it.
"""

import asyncio
import logging
import os
import random
import sys
import tempfile
import time
from datetime import datetime, timezone


def settings(url, folder):
    """What DECNET reads when it is imported, and how its factory is told where the database is."""
    for name in [name for name in os.environ if name.startswith("DECNET_")]:
        del os.environ[name]
    is_file = url.startswith("sqlite:///")
    os.environ.update(
        DECNET_TESTING="1", DECNET_DB_TYPE="sqlite" if is_file else "mysql",
        DECNET_ADMIN_USER="admin", DECNET_ADMIN_PASSWORD="contender-password-1",
        DECNET_JWT_SECRET="contender-secret-contender-secret-contender-secret",
        DECNET_SYSTEM_LOGS=os.path.join(folder, "system.log"), DECNET_CONFIG=os.path.join(folder, "none.ini"),
    )
    os.chdir(folder)  # where it would look for .env files
    return {"db_path": url.removeprefix("sqlite:///")} if is_file else {"url": url.replace("mysql://", "mysql+asyncmy://")}


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def now():
    return datetime.now(timezone.utc)


def event(line):
    return {"timestamp": now().strftime("%Y-%m-%d %H:%M:%S"), "decky": "decky-01", "service": "ssh", "event_type": "login_attempt",
            "attacker_ip": "203.0.113.7", "fields": {}, "msg": "", "raw_line": line}


async def task(repository, process, number, seed, seconds):
    """Writes until the time is over; returns how many calls it made."""
    chosen = random.Random(f"{seed} {process} {number}")
    until = time.monotonic() + seconds
    calls = 0
    while time.monotonic() < until:
        kind, size = chosen.choice([("e", 1), ("e", 1), ("b", chosen.randrange(2, 60)), ("a", 1_000 + 100 * number + chosen.randrange(100))])
        name = f"{kind}{size}-{process}.{number}.{calls}"
        calls += 1
        say(f"> {name}")
        try:
            if kind == "e":
                await repository.add_log(event(f"{name}/0"))
            elif kind == "b":
                await repository.add_logs([event(f"{name}/{at}") for at in range(size)])
            else:
                await repository.upsert_attacker({"ip": f"ip-{size}", "first_seen": now(), "last_seen": now()})
        except Exception as error:  # noqa: BLE001
            print(f"DECNET, {name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
        else:
            say(f"+ {name}")
    return calls


async def main(url, process, seed, tasks, seconds):
    with tempfile.TemporaryDirectory(prefix="decnet-db-contender-") as folder:
        where = settings(url, folder)
        from decnet.web.db.factory import get_repository
        logging.disable(logging.CRITICAL)
        repository = get_repository(**where)
        await repository.initialize()
        say("ready")
        calls = await asyncio.gather(*(task(repository, process, number, seed, seconds) for number in range(tasks)))
        await repository.engine.dispose()
        # How long its callers wait is its own.
        say(f"= {sum(calls)} 0 0")
        os.chdir("/")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *(int(argument) for argument in sys.argv[2:])))
