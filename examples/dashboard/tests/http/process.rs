//! The program as it is started: what it prints, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A service, far from the settings of a DECNET that runs on this machine; killed when it is dropped.
struct Service {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
    printed: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_decnet-dashboard"));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("DECNET_") {
                command.env_remove(variable);
            }
        }
        std::fs::write(folder.path().join("empty.ini"), "").unwrap();
        let command = command.current_dir(folder.path()).env("DECNET_CONFIG", "empty.ini");
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = Vec::new();
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended: {printed:?}");
            if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
                break address.to_owned();
            }
            printed.push(line.trim_end().to_owned());
        };
        Self { child, output, address, printed, _folder: folder }
    }

    fn connect(&self, request: &str) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        connection
    }

    /// The body of an answer.
    fn ask(&self, request: &str) -> String {
        let mut answer = String::new();
        self.connect(request).read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_command_gives_a_page_with_data_and_it_ends_at_once() {
    for signal in ["-TERM", "-INT"] {
        let mut service = Service::start(&["--sample", "--listen", "127.0.0.1:0"]);
        assert!(service.printed[0].starts_with("sample data: 1600 events"), "{:?}", service.printed);
        let password = service.printed[1].strip_prefix("sign in as admin with ").unwrap();
        let body = format!(r#"{{"username":"admin","password":"{password}"}}"#);
        let length = body.len();
        let answer = service.ask(&format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let token = answer["access_token"].as_str().unwrap();
        let get = |path: &str, connection: &str| {
            format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
        };
        let stats: Value = serde_json::from_str(&service.ask(&get("/api/v1/stats", "close"))).unwrap();
        assert!(stats["total_logs"].as_u64().unwrap() >= 1600, "{stats}");
        assert_eq!((&stats["active_deckies"], &stats["deployed_deckies"]), (&5.into(), &6.into()));
        assert!(service.ask(&get("/", "close")).starts_with("<!doctype html>"));

        // A stream that somebody reads, and a connection that is kept, hold nothing up.
        let mut stream = BufReader::new(service.connect(&get("/api/v1/stream", "keep-alive")));
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0);
        }
        let kept = service.connect(&get("/livez", "keep-alive"));
        let begun = Instant::now();
        service.signal(signal);
        assert!(service.child.wait().unwrap().success());
        assert!(begun.elapsed() < Duration::from_secs(1), "{signal}: {:?}", begun.elapsed());
        let mut rest = String::new();
        service.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        drop(kept);
    }
}

#[test]
fn what_can_not_be_is_said() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_decnet-dashboard"))
            .args(arguments)
            .env("DECNET_CONFIG", "/dev/null")
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = run(&["--url", "sqlite:///:memory:", "--listen", &address]);
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
    let said = run(&["--url", "oracle://u:hunter2@h/d"]);
    assert!(said.contains("no driver for oracle://") && !said.contains("hunter2"), "{said}");
}
