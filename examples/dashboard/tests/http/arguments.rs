//! Arguments that are refused, by name.

use axum::http::{StatusCode, header};
use decnet_db::contract::NewLog;

use crate::client::Client;
use crate::support::{Database, each_backend};

each_backend!(what_is_refused_is_named, what_is_allowed_is_allowed, bodies_that_are_none_are_refused);

async fn what_is_refused_is_named(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let long = "x".repeat(513);
    let long = format!("/logs?search={long}");
    for (path, argument, reason) in [
        ("/logs?limit=0", "limit", "must be a whole number from 1 to 1000"),
        ("/logs?limit=1001", "limit", "1000"),
        ("/logs?limit=-1", "limit", "1000"),
        ("/logs?limit=x", "limit", "1000"),
        ("/logs?limit=", "limit", "1000"),
        ("/logs?offset=-1", "offset", "not negative"),
        ("/logs?offset=9223372036854775808", "offset", "not negative"),
        (&*long, "search", "512 characters"),
        ("/logs?start_time=soon", "start_time", "soon"),
        ("/logs?end_time=2026-13-01", "end_time", "2026-13-01"),
        ("/logs?after=bounty.timestamp:1:1", "after", "cursor of logs"),
        ("/logs?after=logs.timestamp:1:1&offset=1", "after", "offset"),
        ("/logs/histogram?interval_minutes=0", "interval_minutes", "minutes"),
        ("/attackers?sort_by=wealth", "sort_by", "wealth"),
        ("/attackers?limit=0", "limit", "1000"),
        ("/attackers?after=logs.timestamp:1:1", "after", "cursor of attackers"),
        ("/bounty?limit=1001", "limit", "1000"),
        ("/top?column=rows", "column", "rows"),
        ("/stream?lastEventId=w9", "lastEventId", ""),
        ("/stream?start_time=soon", "start_time", "soon"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.wrong(), (422, "invalid_input".into(), Some(argument.into())), "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(argument) && detail.contains(reason), "{path}: {detail}");
    }
    // A name that is misspelt would otherwise mean no condition at all.
    for path in ["/logs?serch=x", "/top?limit=5", "/logs?limit=1&limit=2"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {answer:?}");
    }
    assert!(client.get("/logs?serch=x").await.text.contains("serch"));
}

async fn what_is_allowed_is_allowed(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let event =
        NewLog::new("d", "ssh", "e", "203.0.113.7").timestamp("2026-01-02T03:04:05Z".parse().unwrap());
    database.add_log(event).await.unwrap();
    let umlauts = "%C3%A9".repeat(512);
    for path in [
        "/logs?limit=1000&offset=0",
        "/logs?search=&start_time=&end_time=&after=",
        // DECNET's own page sends times like this.
        "/logs?start_time=2026-01-02+03:04:05&end_time=2026-01-02%2003:04:05",
        "/logs?start_time=2026-01-02T04:04:05%2B01:00",
    ] {
        assert_eq!(client.json(path).await["total"], 1, "{path}");
    }
    assert_eq!(client.json(&format!("/logs?search={umlauts}")).await["total"], 0);
    assert_eq!(client.json("/logs?offset=9223372036854775807").await["data"].as_array().unwrap().len(), 0);
}

async fn bodies_that_are_none_are_refused(database: Database) {
    let client = Client::over(&database.repository);
    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("application/json", r#"{"username":"a"}"#, 422),
        ("application/json", r#"{"username":1,"password":"b"}"#, 422),
        // What a form of another site could send.
        ("text/plain", r#"{"username":"a","password":"b"}"#, 415),
        ("application/x-www-form-urlencoded", "username=a&password=b", 415),
    ] {
        let request = client.request("POST", "/api/v1/auth/login").header(header::CONTENT_TYPE, kind);
        let answer = client.raw(request.body(body.to_owned().into()).unwrap()).await;
        assert_eq!(answer.wrong().0, status, "{kind} {body}");
    }
    let request =
        client.request("POST", "/api/v1/auth/login").header(header::CONTENT_TYPE, "application/json");
    let answer = client.raw(request.body("x".repeat(3 << 20).into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
