//! IPv6 addresses that attackers gave away.

use serde::Serialize;

use super::repository::{RETRIES, busy, checked_as};
use super::{Committer, SqlRepository};
use crate::contract::{Attacker, Ipv6Evidence};
use crate::error::{ErrorKind, Result};
use crate::json::Json;
use crate::sql::{Expect, Record, Unit};
use crate::time::Timestamp;

/// See [`Attackers::bump_attacker_ipv6_leak`](crate::contract::Attackers::bump_attacker_ipv6_leak).
pub(super) async fn bump(
    repository: &SqlRepository,
    attacker_uuid: &str,
    identity_uuid: Option<&str>,
    evidence: Ipv6Evidence,
) -> Result<()> {
    let Ipv6Evidence { addr, iid_kind, mac_oui } = evidence;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (addr, iid_kind, mac_oui) = (given(addr), given(iid_kind), given(mac_oui));
    let now = Timestamp::now();
    let column = |argument, column, value: &Option<String>| {
        checked_as(argument, Attacker::TABLE, column, value.clone())
    };
    let address = column("evidence.addr", "last_ipv6_link_local", &addr)?;
    let kind = column("evidence.iid_kind", "last_ipv6_iid_kind", &iid_kind)?;
    let oui = column("evidence.mac_oui", "last_ipv6_mac_oui", &mac_oui)?;
    let mut sql = repository.sql();
    sql.push("UPDATE attackers SET ipv6_leak_count = ipv6_leak_count + 1, last_ipv6_leak_at = ").bind(now);
    sql.push(", last_ipv6_link_local = ");
    sql.bind_into(Attacker::TABLE, "last_ipv6_link_local", address).push(", last_ipv6_iid_kind = ");
    sql.bind_into(Attacker::TABLE, "last_ipv6_iid_kind", kind).push(", last_ipv6_mac_oui = ");
    sql.bind_into(Attacker::TABLE, "last_ipv6_mac_oui", oui).push(", updated_at = ").bind(now);
    sql.push(" WHERE uuid = ").bind(attacker_uuid);
    let mut counted = Unit::new();
    counted.execute(sql.finish());
    let (Some(identity), Some(addr)) = (identity_uuid, addr) else {
        return repository.commit(counted).await.map(drop);
    };
    let entry = Leak {
        iid: &addr,
        oui: mac_oui.as_deref().unwrap_or_default(),
        kind: iid_kind.as_deref().unwrap_or("unknown"),
        first_seen: now.to_string().replace('Z', "+00:00"),
    };
    for _ in 0..RETRIES {
        let mut sql = repository.sql();
        sql.push("SELECT ipv6_link_local_iids FROM attacker_identities WHERE uuid = ").bind(identity);
        let stored = repository.read(sql).await?.scalar::<Option<String>>()?;
        let mut unit = counted.clone();
        if let Some(list) = stored
            && let Some(longer) = appended(list.as_deref(), &entry)?
        {
            // The list is replaced only as it was read, so no other writer's address is lost.
            let mut sql = repository.sql();
            sql.push("UPDATE attacker_identities SET ipv6_link_local_iids = ").bind(longer);
            sql.push(" WHERE uuid = ").bind(identity).push(" AND ");
            match &list {
                Some(list) => sql.exactly("ipv6_link_local_iids", list),
                None => sql.push("ipv6_link_local_iids IS NULL"),
            };
            unit.expect(sql.finish(), Expect::one_row(""));
        }
        match repository.commit(unit).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(busy("the addresses of this identity"))
}

/// An entry of the identity's list; the members in the order in which DECNET writes them.
#[derive(Serialize)]
struct Leak<'a> {
    iid: &'a str,
    oui: &'a str,
    kind: &'a str,
    first_seen: String,
}

/// The list with the entry at its end, or `None` when it has an entry with that address. What is no list counts as empty.
fn appended(list: Option<&str>, entry: &Leak<'_>) -> Result<Option<String>> {
    let json = list.and_then(|text| Json::parse(text).ok());
    let mut entries: Vec<Json> = json.and_then(|json| json.decode().ok()).unwrap_or_default();
    let iid = Json::of(entry.iid)?;
    if entries.iter().any(|present| member(present, "iid").is_some_and(|present| present == iid)) {
        return Ok(None);
    }
    entries.push(Json::of(entry)?);
    let longer = Json::of(&entries)?;
    // A stranger's entry that can't be respelled (an integer beyond 64 bits) is no reason to drop the evidence.
    Ok(Some(longer.spaced().unwrap_or_else(|_| longer.as_str().to_owned())))
}

/// The member of a JSON object; of a repeated key the last one.
fn member(json: &Json, name: &str) -> Option<Json> {
    let mut members: std::collections::BTreeMap<String, Json> = json.decode().ok()?;
    members.remove(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(iid: &str) -> Leak<'_> {
        Leak { iid, oui: "", kind: "unknown", first_seen: "2026-01-02T00:00:00+00:00".into() }
    }

    #[test]
    fn an_address_is_appended_once_as_the_original_writes_it() {
        let written =
            r#"{"iid": "fe80::1", "oui": "", "kind": "unknown", "first_seen": "2026-01-02T00:00:00+00:00"}"#;
        for empty in [None, Some(""), Some("{"), Some("null"), Some(r#"{"iid": "fe80::1"}"#)] {
            assert_eq!(
                appended(empty, &entry("fe80::1")).unwrap(),
                Some(format!("[{written}]")),
                "{empty:?}"
            );
        }
        let list = format!("[{written}]");
        assert_eq!(appended(Some(&list), &entry("fe80::1")).unwrap(), None);
        let longer = appended(Some(r#"["é", {"iid":7}]"#), &entry("fe80::1")).unwrap().unwrap();
        assert_eq!(longer, format!(r#"["\u00e9", {{"iid": 7}}, {written}]"#));
    }

    #[test]
    fn strange_entries_stay() {
        let big = "[123456789012345678901234567890]";
        let longer = appended(Some(big), &entry("fe80::1")).unwrap().unwrap();
        assert!(longer.starts_with("[123456789012345678901234567890,"), "{longer}");
    }
}
