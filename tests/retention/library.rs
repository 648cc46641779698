//! What stays and what goes.

use decnet_db::ErrorKind;
use decnet_db::call::call;
use decnet_db::retention::{Policy, PruneOptions, plan, prune};
use serde_json::json;

use crate::support::{Database, each_backend};
use crate::world::{event, events, figures, fill, hanging, known, minute};

each_backend!(
    events_before_an_instant_go,
    the_newest_stay,
    the_event_that_was_stored_last_stays,
    a_size_is_reached,
    what_hangs_on_a_source_goes_with_its_last_event,
    what_others_share_stays,
    policies_that_keep_nothing_are_refused,
);

fn minutes(events: &[decnet_db::contract::Log]) -> Vec<String> {
    events.iter().map(|event| event.timestamp.to_string()).collect()
}

async fn events_before_an_instant_go(db: Database) {
    fill(&*db, 2_000).await;
    let before = events(&*db).await;
    let policy = Policy::Since(minute(1_500));
    let planned = plan(&*db, &policy).await.unwrap();
    assert_eq!((planned.events, planned.left), (1_500, 500));
    assert_eq!((planned.oldest, planned.newest), (Some(minute(0)), Some(minute(1_499))));
    assert!(planned.space.is_some_and(|space| space.used > 0));
    assert_eq!(events(&*db).await, before, "a plan changes nothing");

    let mut told = Vec::new();
    let mut tell = |progress: decnet_db::retention::PruneProgress| told.push((progress.done, progress.of));
    let pruned = prune(&*db, &policy, PruneOptions::default().progress(&mut tell)).await.unwrap();
    assert_eq!((pruned.events, pruned.oldest, pruned.newest), (1_500, planned.oldest, planned.newest));
    assert_eq!(events(&*db).await, before[1_500..]);
    assert!(told.len() > 5 && told.iter().all(|(done, of)| done <= of && *of == 1_500), "{told:?}");
    assert!(told.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{told:?}");

    let again = prune(&*db, &policy, PruneOptions::default()).await.unwrap();
    assert_eq!((again.events, again.oldest), (0, None));
    assert_eq!(plan(&*db, &policy).await.unwrap().events, 0);
}

async fn the_newest_stay(db: Database) {
    // Three of one instant: of those the highest id stays longest.
    for number in [5, 1, 3, 3, 3, 9, 7] {
        db.add_log(event(number, "203.0.113.1")).await.unwrap();
    }
    let before = events(&*db).await;
    let keep = Policy::newest(4).unwrap();
    assert_eq!(plan(&*db, &keep).await.unwrap().events, 3);
    assert_eq!(prune(&*db, &keep, PruneOptions::default()).await.unwrap().events, 3);
    let kept = [0, 4, 5, 6].map(|place| before[place].clone());
    assert_eq!(events(&*db).await, kept);
    for more in [4, 5, 1_000_000] {
        let pruned = prune(&*db, &Policy::newest(more).unwrap(), PruneOptions::default()).await.unwrap();
        assert_eq!(pruned.events, 0, "{more}");
    }
}

async fn the_event_that_was_stored_last_stays(db: Database) {
    fill(&*db, 300).await;
    // Stored last, and the oldest of all: an old capture was read in.
    db.add_log(event(0, "198.51.100.1")).await.unwrap();
    let last = db.get_max_log_id().await.unwrap();
    prune(&*db, &Policy::Since("2030-01-01".parse().unwrap()), PruneOptions::default()).await.unwrap();
    let left = events(&*db).await;
    assert_eq!(left.iter().map(|event| event.id).collect::<Vec<_>>(), [last]);
    db.add_log(event(1, "198.51.100.1")).await.unwrap();
    assert!(db.get_max_log_id().await.unwrap() > last, "no id is given twice");
    // And so with the others.
    prune(&*db, &Policy::newest(1).unwrap(), PruneOptions::default()).await.unwrap();
    prune(&*db, &Policy::Size(1), PruneOptions::default()).await.unwrap();
    assert_eq!(minutes(&events(&*db).await), [minute(1).to_string()]);
    let empty = prune(&*db, &Policy::newest(1).unwrap(), PruneOptions::default()).await.unwrap();
    assert_eq!(empty.events, 0);
}

async fn a_size_is_reached(db: Database) {
    fill(&*db, 5_000).await;
    let before = events(&*db).await;
    let space = plan(&*db, &Policy::newest(1).unwrap()).await.unwrap().space.unwrap();
    assert_eq!(plan(&*db, &Policy::Size(space.used)).await.unwrap().events, 0);
    let bound = space.used - space.table.unwrap_or(space.used) / 2;
    let planned = plan(&*db, &Policy::Size(bound)).await.unwrap().events;
    assert!((1..4_999).contains(&planned), "{planned}: {space:?}");
    let pruned = prune(&*db, &Policy::Size(bound), PruneOptions::default()).await.unwrap();
    let (was, is) = (pruned.space_before.unwrap(), pruned.space.unwrap());
    assert!(pruned.events > 0 && pruned.events < 5_000, "{}", pruned.events);
    if is.current {
        assert!(was.used > bound && is.used <= bound, "{was:?} {is:?} {bound}");
        assert!(is.free > was.free || is.rebuild.is_none(), "{is:?}");
    }
    let left = events(&*db).await;
    assert_eq!(left, before[before.len() - left.len()..], "the oldest go");
    assert_eq!(pruned.events as usize, before.len() - left.len());
}

async fn what_hangs_on_a_source_goes_with_its_last_event(db: Database) {
    let (gone, stays, never) = ("203.0.113.1", "203.0.113.20", "203.0.113.100");
    for number in 0..20 {
        db.add_log(event(number, gone)).await.unwrap();
        db.add_log(event(number, stays)).await.unwrap();
    }
    db.add_log(event(100, stays)).await.unwrap();
    for ip in [gone, stays, never] {
        known(&*db, ip).await;
    }
    call(
        &*db,
        "create_user",
        json!({"user_data": {"uuid": "u", "username": "operator", "password_hash": "x", "role": "viewer"}}),
    )
    .await
    .unwrap();
    assert!(hanging(&*db).await.iter().all(|(_, rows)| *rows == 3), "{:?}", hanging(&*db).await);
    let users = async || db.row_counts().await.unwrap().into_iter().find(|(table, _)| *table == "users");
    let before = users().await;

    // Not yet: the source has one event left.
    prune(&*db, &Policy::Since(minute(19)), PruneOptions::default()).await.unwrap();
    assert!(hanging(&*db).await.iter().all(|(_, rows)| *rows == 3), "{:?}", hanging(&*db).await);

    let pruned = prune(&*db, &Policy::Since(minute(50)), PruneOptions::default()).await.unwrap();
    assert_eq!((pruned.events, pruned.attackers, pruned.bounties, pruned.credentials), (2, 1, 1, 1));
    assert!(hanging(&*db).await.iter().all(|(_, rows)| *rows == 2), "{:?}", hanging(&*db).await);
    assert!(db.get_attacker_uuid_by_ip(gone).await.unwrap().is_none());
    for ip in [stays, never] {
        assert!(db.get_attacker_uuid_by_ip(ip).await.unwrap().is_some(), "{ip}");
        assert_eq!(db.get_fingerprint_bounties_by_ip(ip).await.unwrap().len(), 1, "{ip}");
    }
    assert_eq!(users().await, before);
    assert_eq!(figures(&*db).await.0.unique_attackers, 1);
}

async fn what_others_share_stays(db: Database) {
    // The same secret, tried by both; and a credential of the one that was ascribed to the other's attacker.
    let (gone, stays) = ("203.0.113.1", "203.0.113.2");
    db.add_log(event(0, gone)).await.unwrap();
    db.add_log(event(1, "203.0.113.3")).await.unwrap();
    let uuid = known(&*db, gone).await;
    known(&*db, stays).await;
    let data = |ip: &str, secret: &str| {
        json!({"data": {"attacker_ip": ip, "attacker_uuid": uuid, "decky_name": "e", "service": "ssh",
            "principal": "root", "secret_sha256": secret, "secret_b64": "eA==", "secret_printable": "x"}})
    };
    call(&*db, "upsert_credential", data(stays, &"b".repeat(64))).await.unwrap();
    call(&*db, "upsert_credential", data(gone, &"a".repeat(64))).await.unwrap();
    for (secret, ip) in [(format!("{:064}", gone.len()), gone), ("a".repeat(64), gone)] {
        call(
            &*db,
            "upsert_credential_reuse",
            json!({"secret_sha256": secret, "secret_kind": "plaintext", "principal": "root", "attacker_uuid": null,
                "attacker_ip": ip, "decky": "d", "service": "ssh", "attempt_count": 1}),
        )
        .await
        .unwrap();
    }
    let pruned = prune(&*db, &Policy::newest(1).unwrap(), PruneOptions::default()).await.unwrap();
    assert_eq!((pruned.events, pruned.attackers, pruned.credentials), (1, 1, 2));
    let rows = db.row_counts().await.unwrap();
    let count = |name: &str| rows.iter().find(|(table, _)| *table == name).unwrap().1.unwrap();
    assert_eq!((count("credentials"), count("credential_reuse")), (2, 1));
}

async fn policies_that_keep_nothing_are_refused(db: Database) {
    assert_eq!(Policy::newest(0).unwrap_err().kind(), ErrorKind::InvalidInput);
    let error = prune(&*db, &Policy::Newest(0), PruneOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(plan(&*db, &Policy::Newest(0)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}
