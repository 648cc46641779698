"""What both programs write in these checks, the hostile and the odd included."""

from datetime import datetime, timedelta

UNICODE = "üñï'cødé \"q\" 🦀 \\ % _ 日本語\u2028\u0000|\x01"
START = datetime(2026, 3, 1, 12, 0, 0)


def log(number, tag):
    moment = START + timedelta(seconds=97 * number)
    return {
        "timestamp": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "decky": f"decky-{number % 5 + 1:02d}",
        "service": ("ssh", "http", "smtp")[number % 3],
        "event_type": ("login_attempt", "command")[number % 2],
        "attacker_ip": ("192.0.2.7", "203.0.113.9", "2001:db8::7", "Unknown")[number % 4],
        "fields": {"username": ("root", "o'brien", "管理员")[number % 3], "n": str(number), "tag": tag},
        "msg": f"attempt {number} by {tag}",
        "raw_line": f"<134>1 {moment.isoformat()}Z decky ssh - login_attempt - attempt {number} {tag}",
    }


def odd_logs():
    """One row for each thing that a careless implementation gets wrong. Times are distinct: order has no ties."""
    day = "2026-04-0"
    return [
        log(0, UNICODE) | {"timestamp": day + "1T00:00:00.000007", "msg": UNICODE, "raw_line": UNICODE},
        log(1, "fraction") | {"timestamp": day + "2 23:59:59.999999", "msg": None},
        log(2, "empty") | {"timestamp": day + "3", "msg": "", "fields": {}},
        log(3, "text") | {"timestamp": day + "4T10:00:00Z", "fields": '{"a": 1, "u": "\\u00e9",  "b":[1, 2.50]}'},
        log(4, "not json") | {"timestamp": day + "5T10:00:00", "fields": "no json at all"},
        log(5, "long") | {"timestamp": day + "6T10:00:00", "raw_line": "x" * 1_000_000},
        log(6, "traced") | {"timestamp": day + "7T10:00:00", "trace_id": "0af7651916cd43dd8448eb211c80319c",
                            "span_id": "b7ad6b7169203331"},
        log(7, "nested") | {"timestamp": day + "8T10:00:00",
                            "fields": {"list": [1, -2.5, True, None], "big": 9007199254740993, "o": {"é": "\t\n"}}},
        log(8, "old") | {"timestamp": "0001-01-01T00:00:00"},
        log(9, "future") | {"timestamp": "9999-12-31T23:59:59.999999"},
    ]


def bounties(tag):
    made = [
        {"decky": "decky-01", "service": "ssh", "attacker_ip": "192.0.2.7", "bounty_type": "fingerprint",
         "payload": {"fingerprint_type": "hassh", "value": tag, "text": UNICODE}},
        {"decky": "decky-02", "service": "http", "attacker_ip": "192.0.2.7", "bounty_type": "artifact",
         "payload": '{"path": "/tmp/x",  "size": 3.50}'},
        {"decky": "decky-02", "service": "http", "attacker_ip": "2001:db8::7", "bounty_type": "ip_leak",
         "payload": "not json " + tag},
        {"decky": "decky-03", "service": "smtp", "attacker_ip": "203.0.113.9", "bounty_type": "probe_relay",
         "payload": {"to": "a@example.org", "by": tag}},
    ]
    made.append(dict(made[0]))  # the same finding again: dropped
    return [row | {"timestamp": f"2026-05-01T00:00:0{n}.00000{n}"} for n, row in enumerate(made)]


STATES = {
    "ingest_worker_position": {"position": 4096},
    "unicode ключ": {"é": UNICODE, "n": [1, -2, 3.5, True, False, None, {"deep": [[]]}], "big": 9007199254740993},
    "deployment": None,
    "text": "plain",
    "list": [],
}


async def fill(program, tag):
    """Writes the rows of every domain, by single calls and by batches."""
    await program.call("add_logs", {"log_entries": [log(n, tag) for n in range(1, 61)]})
    for row in odd_logs():
        await program.call("add_log", {"log_data": row})
    for row in bounties(tag):
        await program.call("add_bounty", {"bounty_data": row})
    for key, value in STATES.items():
        await program.call("set_state", {"key": key, "value": {"first": "overwritten"}})
        await program.call("set_state", {"key": key, "value": value})
    for number, name in enumerate(["bob", "Bob", UNICODE.replace("\0", "")]):
        user = {"uuid": f"00000000-0000-4000-8000-00000000000{number}", "username": name, "password_hash": f"hash {number}"}
        await program.call("create_user", {"user_data": user | ({"role": "admin"} if number else {})})
    await program.call("set_tokens_valid_from", {"user_uuid": user["uuid"], "ts": "2026-02-03T04:05:06.789012Z"})
    await program.call("update_user_role", {"uuid": user["uuid"], "role": "viewer"})
    await program.call("revoke_token", {"jti": "f" * 32, "user_uuid": user["uuid"], "expires_at": "2999-01-01T00:00:00Z"})
