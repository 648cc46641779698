"""Asks DECNET 1.0.0's web API and the dashboard of this project the same, over the same SQLite file.

Each request goes to both. Status and JSON have to be the same, but for what [`expected`] says. Started by tests/original/run:

    python web_api.py --dashboard path/to/decnet-dashboard --bin path/to/decnet-db
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import services
from rows import bounties, log

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?")
IP = "203.0.113.9"
CACHED_FOR = 30.0  # seconds


def zoned(value):
    """Times as this project writes them, with Z (ruling R1)."""
    if isinstance(value, dict):
        return {key: zoned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [zoned(item) for item in value]
    return value + "Z" if isinstance(value, str) and NAIVE.fullmatch(value) else value


def fill(binary, url):
    """Events and all that the API shows of an attacker."""
    calls = []
    for number in range(60):
        calls.append(("add_log", {"log_data": log(number, "http")}))
    for service, kind in (("ssh", "command"), ("ftp", "connect"), ("ssh", "file_captured"), ("smtp", "message_stored"),
                          ("http", "startup"), ("rdp", "session_recorded"), ("smb", "login_attempt")):
        row = log(1, kind) | {"service": service, "event_type": kind, "attacker_ip": IP, "timestamp": f"2026-04-10T00:00:{len(calls) % 60:02d}"}
        calls.append(("add_log", {"log_data": row}))
    calls += [("add_bounty", {"bounty_data": row}) for row in bounties("http")]
    calls.append(("add_bounty", {"bounty_data": {"decky": "decky-02", "service": "http", "attacker_ip": IP, "bounty_type": "ip_leak",
                                                 "payload": {"leaked": "192.0.2.1"}, "timestamp": "2026-05-02T00:00:00"}}))
    for number, ip in enumerate((IP, "192.0.2.7", "2001:db8::7", "198.51.100.1")):
        calls.append(("upsert_attacker", {"data": {
            "ip": ip, "first_seen": f"2026-03-0{number + 1}T00:00:00.5", "last_seen": f"2026-03-1{number}T00:00:00",
            "event_count": 10 * number, "service_count": 2, "decky_count": 1, "services": json.dumps(["ssh", "http"][: number % 3]),
            "deckies": json.dumps([f"decky-0{number}"]), "is_traversal": number == 1, "traversal_path": "a → b" if number == 1 else None,
            "country_code": "DE" if number else None, "asn": 64500 + number, "as_name": "Example", "commands": json.dumps([
                {"command_text": text, "service": service, "decky": "decky-01", "timestamp": "2026-03-01T00:00:00Z"}
                for text, service in (("id", "ssh"), ("uname -a", "telnet"), ("ls é\u202e", "ssh"))])}}))
    for name, state in (("decky-01", "running"), ("decky-02", "degraded")):
        config = {"name": name, "ip": "192.0.2.50", "services": ["ssh"]}
        calls.append(("upsert_fleet_decky", {"data": {"name": name, "services": json.dumps(["ssh"]), "decky_ip": "192.0.2.50",
                                                      "decky_config": json.dumps(config), "state": state}}))
    uuid = answers(binary, url, [*calls, ("get_attacker_uuid_by_ip", {"ip": IP})])[-1]
    answers(binary, url, [
        ("upsert_attacker_intel", {"data": {"attacker_uuid": uuid, "attacker_ip": IP, "aggregate_verdict": "malicious", "abuseipdb_score": 90,
                                            "greynoise_raw": {"a": [1]}, "greynoise_tags": ["x"], "expires_at": "2027-01-01T00:00:00Z"}}),
        ("upsert_attacker_behavior", {"attacker_uuid": uuid, "data": {"os_guess": "Linux", "tool_guesses": "[\"nmap\"]", "hop_distance": 7,
                                                                      "timing_stats": "{\"mean\": 1.5}", "beacon_interval_s": 1.5}}),
        *[("upsert_observation", {"data": {"attacker_uuid": uuid, "primitive": primitive, "value": value, "confidence": 0.5,
                                           "window_start_ts": 1.0, "window_end_ts": 2.0, "source": "test", "evidence_ref": f"e{number}",
                                           "ts": 2.0 + number, "envelope_v": 1}})
          for number, (primitive, value) in enumerate((("motor.iki_mean", 3), ("motor.iki_mean", 4), ("cognitive.x", {"a": [1.5, None]})))],
        *[("increment_smtp_target", {"attacker_uuid": uuid, "domain": domain}) for domain in ("example.org", "example.com", "example.org")],
    ])
    return uuid


def answers(binary, url, calls):
    lines = "".join(json.dumps({"id": number, "method": method, "args": args}) + "\n" for number, (method, args) in enumerate(calls))
    output = subprocess.run([binary, "--url", url, "call", "--lines"], input=lines, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in output.splitlines()]
    for (method, _), answer in zip(calls, found, strict=True):
        if "ok" not in answer:
            raise services.Failed(f"{method}: {answer}")
    return [answer["ok"] for answer in found]


def requests(uuid):
    """Paths that both are asked for, after signing in."""
    one = f"/attackers/{uuid}"
    yield from ("/stats", "/deckies", "/logs", "/bounty", "/attackers", "/logs/histogram", "/attackers/export", one)
    yield from (one + rest for rest in ("/commands", "/commands?limit=1&offset=1&service=ssh", "/smtp-targets", "/artifacts",
                                        "/transcripts", "/mail", "/intel"))
    yield from (f"/attackers/nobody{rest}" for rest in ("", "/commands", "/smtp-targets", "/artifacts", "/transcripts", "/mail", "/intel"))
    yield from ("/logs?limit=1000", "/logs?limit=3&offset=5", "/logs?limit=0", "/logs?limit=1001", "/logs?offset=-1", "/logs?limit=x")
    # Not `%` and `_`, which DECNET takes for any text (ruling R5).
    searches = ("ssh", "root http", "service:ssh", "attacker:203.0.113.9 event:command", "username:root", "nothing-like-it", "ü",
                "a:b:c", "'", '"', "\\", "SSH", "tag:http", "x" * 512)
    for search in searches:
        yield services.query("/logs", limit=5, search=search)
        yield services.query("/logs/histogram", search=search, interval_minutes=60)
    yield services.query("/logs", search="x" * 513)
    # Not with `T`: DECNET compares the text with the stored one, which has a space there.
    times = [("2026-03-01 12:00:00", "2026-03-01 13:00:00"), ("2026-03-01 12:30:00", ""), ("", "2026-03-01 12:30:00.000000")]
    for start, end in times:
        yield services.query("/logs", limit=5, **{name: time for name, time in (("start_time", start), ("end_time", end)) if time})
    yield from (f"/logs/histogram?interval_minutes={minutes}" for minutes in (1, 15, 1440, 0, "x"))
    yield from ("/bounty?limit=2&offset=1", "/bounty?bounty_type=ip_leak", "/bounty?search=hassh", "/bounty?bounty_type=none", "/bounty?limit=0")
    for order in ("recent", "active", "other"):
        yield services.query("/attackers", sort_by=order, limit=3)
    yield "/attackers?sort_by=traversals&limit=1"  # the others are alike in this
    yield from ("/attackers?search=203", "/attackers?service=ssh", "/attackers?service=http&search=192&limit=1&offset=0", "/attackers?offset=9")
    yield from ("/nothing", "/logs/nothing")


def expected(path, original, statistics):
    """What ours has to answer where DECNET answers that: the differences, each with its reason."""
    answer = zoned(original)
    if path == "/stats":
        # Ruling R10: the deckies are counted in the database; DECNET's service counts those of a file of its machine.
        answer |= statistics
    if path == "/attackers/export":
        # By uuid, so that no more than a page is held; DECNET has the latest first.
        answer["observations"].sort(key=lambda attacker: attacker["uuid"])
        answer["export_metadata"]["exported_at"] = None
    return answer


def without_additions(path, ours):
    """Ours without what only ours has: `next` of pages."""
    if path.partition("?")[0] in ("/logs", "/bounty", "/attackers"):
        ours.pop("next")
    if path == "/attackers/export":
        ours["export_metadata"]["exported_at"] = None
    return ours


class Comparison:
    def __init__(self, original, ours):
        self.original, self.ours, self.held, self.failed = original, ours, 0, 0

    def same(self, what, found, wanted):
        if found == wanted:
            self.held += 1
            return
        self.failed += 1
        print(f"  FAILED {what}\n    DECNET {show(wanted)}\n    ours   {show(found)}", flush=True)

    def ask(self, path, statistics):
        theirs, ours = (service.request("GET", path) for service in (self.original, self.ours))
        self.same(f"{path}: status", ours[0], theirs[0])
        kinds = [answer[1].get("content-type", "").partition(";")[0] for answer in (theirs, ours)]
        self.same(f"{path}: content type", kinds[1], kinds[0])
        if theirs[0] == ours[0] == 200:
            found = without_additions(path, json.loads(ours[2]))
            self.same(path, found, expected(path, json.loads(theirs[2]), statistics))
        elif theirs[0] == ours[0]:
            # The words of an error are each program's own.
            self.same(f"{path}: detail", type(json.loads(ours[2])["detail"]), type(json.loads(theirs[2])["detail"]))

    def sign_in(self):
        """Both take the other's token; a password that somebody else chose opens nothing; the old token ends with it."""
        self.same("login", self.ours.sign_in().keys(), self.original.sign_in().keys())
        for service in (self.ours, self.original):
            self.same(f"{service.name}: before the password is changed", service.request("GET", "/stats")[0], 403)
        wrong = {"old_password": "wrong-password-1", "new_password": "another-password-1"}
        self.same("a wrong old password", *(service.request("POST", "/auth/change-password", wrong)[0] for service in (self.ours, self.original)))
        first, second, third = services.PASSWORD, "second-password-2", "third-password-3"
        message = self.original.json("POST", "/auth/change-password", {"old_password": first, "new_password": second})
        for service in (self.ours, self.original):
            self.same(f"{service.name}: a token of before", service.request("GET", "/stats")[0], 401)
        self.original.sign_in(second)
        self.ours.token = self.original.token
        self.same("DECNET's token at ours", self.ours.request("GET", "/stats")[0], 200)
        self.ours.sign_in(second)
        self.original.token = self.ours.token
        self.same("our token at DECNET's", self.original.request("GET", "/stats")[0], 200)
        change = {"old_password": second, "new_password": third}
        self.same("the words after a change", self.ours.json("POST", "/auth/change-password", change)["message"], message["message"])
        for body in ({"username": services.ADMIN, "password": "wrong"}, {"username": "nobody", "password": "wrong"}):
            self.same(f"login {body}", *(service.request("POST", "/auth/login", body)[0] for service in (self.ours, self.original)))
        self.ours.sign_in(third)
        # DECNET's service believes what it read of a user for some seconds.
        until = time.monotonic() + CACHED_FOR
        while True:
            try:
                self.original.sign_in(third)
                return
            except services.Failed:
                if time.monotonic() > until:
                    raise
                time.sleep(4)  # it takes ten tries in five minutes

    def sign_out(self):
        answers = [service.json("POST", "/auth/logout") for service in (self.ours, self.original)]
        self.same("logout", *answers)
        for service in (self.ours, self.original):
            self.same(f"{service.name}: a token after its end", service.request("GET", "/stats")[0], 401)


def show(value):
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return text if len(text) < 1500 else text[:1500] + "…"


def main(options, work):
    path = services.original_file(work)
    url = f"sqlite:///{path}"
    original = ours = None
    try:
        # DECNET's service makes the file and the administrator.
        original = services.original(Path(sys.executable), work, None)
        uuid = fill(options.bin, url)
        ours = services.ours(options.dashboard, work, url)
        comparison = Comparison(original, ours)
        comparison.sign_in()
        statistics = {"active_deckies": 1, "deployed_deckies": 2}
        for path in requests(uuid):
            comparison.ask(path, statistics)
        comparison.sign_out()
    finally:
        for service in (original, ours):
            if service:
                service.stop()
    if comparison.failed:
        print(f"web_api: {comparison.failed} comparisons FAILED, {comparison.held} held")
        return 1
    print(f"web_api: all {comparison.held} comparisons held")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=Path, required=True, help="the decnet-db program")
    parser.add_argument("--dashboard", type=Path, required=True, help="the decnet-dashboard program")
    arguments = parser.parse_args()
    arguments.bin, arguments.dashboard = arguments.bin.absolute(), arguments.dashboard.absolute()
    folder = Path(tempfile.mkdtemp(prefix="decnet-db-http-"))
    try:
        status = main(arguments, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)
