//! Who may come in.

use std::time::{Duration, Instant};

use axum::http::{Request, StatusCode, header};
use decnet_db::time::Timestamp;
use serde_json::json;

use crate::client::{ALICE, BOUND, Client, PASSWORD, add_alice, tokens};
use crate::support::{Database, each_backend};

each_backend!(
    a_login_gives_the_token_as_cookie_and_in_the_body,
    what_is_wrong_with_a_login_is_not_told,
    after_ten_wrong_passwords_nobody_gets_in_for_a_while,
    without_a_token_there_is_nothing,
    a_logout_ends_the_session_everywhere,
    a_password_that_must_be_changed_opens_nothing_else,
    a_new_password_ends_all_other_sessions,
    tokens_of_gone_users_and_old_tokens_are_refused,
);

async fn a_login_gives_the_token_as_cookie_and_in_the_body(database: Database) {
    add_alice(&*database, false).await;
    let client = Client::over(&database.repository);
    let answer = client.login("alice", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["must_change_password"]), (&json!("bearer"), &json!(false)));
    let token = body["access_token"].as_str().unwrap();
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert_eq!(cookie, format!("decnet_token={token}; Path=/; Max-Age=14400; HttpOnly; SameSite=Strict"));
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");

    // The cookie alone is enough, as in a browser.
    let request = Request::get("/api/v1/auth/me").header(header::COOKIE, format!("decnet_token={token}"));
    let answer = client.raw(request.body(Default::default()).unwrap()).await;
    let expected =
        json!({"uuid": ALICE, "username": "alice", "role": "viewer", "must_change_password": false});
    assert_eq!(answer.json(), expected);

    // Behind a proxy with TLS, it is never sent without.
    let client = Client::with(&database.repository, &tokens().behind_tls(true), Duration::from_secs(15));
    let answer = client.login("alice", PASSWORD).await;
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"), "{answer:?}");
}

async fn what_is_wrong_with_a_login_is_not_told(database: Database) {
    add_alice(&*database, false).await;
    let client = Client::over(&database.repository);
    let wrong = client.login("alice", "wrong horse battery").await;
    let unknown = client.login("bob", PASSWORD).await;
    assert_eq!(wrong.wrong(), (401, "unauthorized".into(), None));
    assert_eq!(wrong.text, unknown.text);
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());

    for (username, password, argument) in [
        ("", PASSWORD, "username"),
        (&*"x".repeat(65), PASSWORD, "username"),
        ("alice", "", "password"),
        ("alice", &*"x".repeat(73), "password"),
    ] {
        let answer = client.login(username, password).await;
        assert_eq!(answer.wrong(), (422, "invalid_input".into(), Some(argument.into())));
    }
}

async fn without_a_token_there_is_nothing(database: Database) {
    let mut client = Client::over(&database.repository);
    for path in [
        "/logs",
        "/logs/histogram",
        "/stats",
        "/stream",
        "/attackers",
        "/attackers/x",
        "/attackers/x/commands",
        "/attackers/x/smtp-targets",
        "/bounty",
        "/deckies",
        "/fleet",
        "/health",
        "/top?column=services",
        "/sessions/x",
        "/auth/me",
    ] {
        for token in [None, Some("a.b.c".to_owned())] {
            client.token = token;
            let answer = client.get(path).await;
            assert_eq!(answer.wrong(), (401, "unauthorized".into(), None), "{path}");
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
    }
}

async fn a_logout_ends_the_session_everywhere(database: Database) {
    let mut client = Client::signed_in(&database.repository).await;
    let first = client.token.clone();
    client.sign_in().await;
    let answer = client.post("/auth/logout", &json!({})).await;
    assert_eq!(answer.json(), json!({"message": "Logged out"}));
    assert!(
        answer.headers[header::SET_COOKIE].to_str().unwrap().starts_with("decnet_token=; Path=/; Max-Age=0")
    );
    assert_eq!(client.get("/auth/me").await.status, StatusCode::UNAUTHORIZED);

    // Another service over the same database with the same secret refuses it too; the user's other session lives.
    let mut other = Client::over(&database.open_again().await);
    other.token.clone_from(&client.token);
    assert_eq!(other.get("/auth/me").await.status, StatusCode::UNAUTHORIZED);
    other.token = first;
    assert_eq!(other.get("/auth/me").await.status, StatusCode::OK);
}

async fn a_password_that_must_be_changed_opens_nothing_else(database: Database) {
    add_alice(&*database, true).await;
    let mut client = Client::over(&database.repository);
    let answer = client.login("alice", PASSWORD).await;
    assert_eq!(answer.json()["must_change_password"], true);
    client.sign_in().await;
    assert_eq!(client.get("/stats").await.wrong(), (403, "password_change_required".into(), None));
    assert_eq!(client.json("/auth/me").await["must_change_password"], true);

    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    for (old, new, status) in [
        (PASSWORD, "too short", 422),
        (PASSWORD, &*"é".repeat(37), 422),
        (PASSWORD, PASSWORD, 422),
        ("wrong horse battery", "another horse battery", 401),
    ] {
        let answer = client.post("/auth/change-password", &change(old, new)).await;
        assert_eq!(answer.wrong().0, status, "{old} {new}");
    }
    let answer = client.post("/auth/change-password", &change(PASSWORD, "another horse battery")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    client.token = Some(answer.json()["access_token"].as_str().unwrap().to_owned());
    client.json("/stats").await;
    assert_eq!(client.login("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(client.login("alice", "another horse battery").await.status, StatusCode::OK);
}

async fn a_new_password_ends_all_other_sessions(database: Database) {
    let mut client = Client::signed_in(&database.repository).await;
    let own = client.token.clone();
    let change = json!({"old_password": PASSWORD, "new_password": "another horse battery"});
    let answer = client.post("/auth/change-password", &change).await;
    assert_eq!(answer.status, StatusCode::OK);
    // Even the one of the same second that asked for it.
    assert_eq!(client.get("/auth/me").await.status, StatusCode::UNAUTHORIZED);
    assert!(database.get_user_by_uuid(ALICE).await.unwrap().unwrap().tokens_valid_from.is_some());
    client.token = Some(answer.json()["access_token"].as_str().unwrap().to_owned());
    assert_ne!(client.token, own);
    client.json("/stats").await;
}

async fn tokens_of_gone_users_and_old_tokens_are_refused(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let later = Timestamp::now().checked_add(Duration::from_secs(60)).unwrap();
    database.set_tokens_valid_from(ALICE, Some(later)).await.unwrap();
    assert_eq!(client.get("/stats").await.status, StatusCode::UNAUTHORIZED);
    database.set_tokens_valid_from(ALICE, None).await.unwrap();
    client.json("/stats").await;
    assert!(database.delete_user(ALICE).await.unwrap());
    assert_eq!(client.get("/stats").await.status, StatusCode::UNAUTHORIZED);

    // A token of a life that is over.
    add_alice(&*database, false).await;
    let mut brief =
        Client::with(&database.repository, &tokens().life(Duration::ZERO), Duration::from_secs(15));
    let answer = brief.login("alice", PASSWORD).await;
    brief.token = Some(answer.json()["access_token"].as_str().unwrap().to_owned());
    // Until the second in which it was issued is over.
    let begun = Instant::now();
    while brief.get("/stats").await.status != StatusCode::UNAUTHORIZED {
        assert!(begun.elapsed() < BOUND);
    }
}

async fn after_ten_wrong_passwords_nobody_gets_in_for_a_while(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    for _ in 0..2 {
        assert_eq!(client.login("alice", PASSWORD).await.status, StatusCode::OK);
    }
    for _ in 0..10 {
        assert_eq!(client.login("nobody", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = client.login("alice", PASSWORD).await;
    assert_eq!(answer.wrong(), (429, "too_many_tries".into(), None));
    let wait: u64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    // Who is in stays in.
    assert_eq!(client.get("/auth/me").await.status, StatusCode::OK);
}
