"""The two web services on one database: DECNET 1.0.0's API, and the dashboard of this project. Standard library only."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

ADMIN = "admin"
PASSWORD = "services-password-1"
SETTINGS = {
    "DECNET_ADMIN_USER": ADMIN,
    "DECNET_ADMIN_PASSWORD": PASSWORD,
    "DECNET_JWT_SECRET": "services-secret-services-secret-services",
}
STARTS_WITHIN = 60.0  # seconds
ENDS_WITHIN = 15.0


class Failed(Exception):
    """A service that did not start, or answered what nobody can use."""


class Service:
    """A program that listens on a port of this machine."""

    def __init__(self, name: str, command: list, work: Path, environment: dict) -> None:
        self.name, self.token = name, None
        self.log = work / f"{name}.log"
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port = chosen.getsockname()[1]
        known = {key: value for key, value in os.environ.items() if not key.startswith("DECNET_")}
        command = [str(part).format(port=self.port) for part in command]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=work, env={**known, **SETTINGS, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait()

    def wait(self) -> None:
        """Until it takes connections."""
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise Failed(f"{self.name} does not listen on port {self.port}:\n{self.log.read_text()[-2000:]}") from None
                time.sleep(0.05)

    def request(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict, bytes]:
        """Status, headers in small letters, and the body of an answer; `path` stands below /api/v1."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: dict | None = None):
        """The JSON of an answer that has to be a success."""
        status, _, text = self.request(method, path, body)
        if status != 200:
            raise Failed(f"{self.name}: {method} {path}: {status} {text[:500]!r}")
        return json.loads(text)

    def sign_in(self, password: str = PASSWORD) -> dict:
        self.token = None
        answer = self.json("POST", "/auth/login", {"username": ADMIN, "password": password})
        self.token = answer["access_token"]
        return answer

    def choose_password(self, password: str) -> None:
        """Signs in as somebody whose password is their own: before that, nothing else is allowed."""
        if self.sign_in()["must_change_password"]:
            self.json("POST", "/auth/change-password", {"old_password": PASSWORD, "new_password": password})
        self.sign_in(password)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def original(python: Path, work: Path, url: str | None) -> Service:
    """DECNET's API. With `url`, on that MySQL database; without, on the SQLite file [`original_file`] of the folder."""
    where = {"DECNET_DB_TYPE": "sqlite"}
    if url:
        where = {"DECNET_DB_TYPE": "mysql", "DECNET_DB_URL": url.replace("mysql://", "mysql+asyncmy://")}
    package = next(python.parent.parent.glob("lib/python3*/site-packages/decnet"))
    copy = original_file(work).parent
    if not (copy / "decnet").exists():
        # Its SQLite file lies beside its package, wherever that is.
        shutil.copytree(package, copy / "decnet")
    environment = {**where, "PYTHONPATH": str(copy), "DECNET_SYSTEM_LOGS": str(work / "system.log"),
                   "DECNET_CONFIG": str(work / "none.ini"), "PYTHONDONTWRITEBYTECODE": "1"}
    # What `decnet api` starts, as a process in a session of its own, which would outlive it.
    command = [python, "-m", "uvicorn", "decnet.web.api:app", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"]
    return Service("original", command, work, environment)


def original_file(work: Path) -> Path:
    """Where DECNET's API has its SQLite file."""
    folder = work / "original"
    folder.mkdir(exist_ok=True)
    return folder / "decnet.db"


def ours(program: Path, work: Path, url: str) -> Service:
    """The dashboard of this project."""
    return Service("ours", [program, "--url", url, "--listen", "127.0.0.1:{port}"], work, {})


def query(path: str, **arguments) -> str:
    return f"{path}?{urllib.parse.urlencode(arguments)}" if arguments else path
