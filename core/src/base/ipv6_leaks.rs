//! IPv6 addresses that attackers gave away.

use serde::Serialize;

use super::SqlRepository;
use super::support::{check_as, entries, in_rounds, list_text};
use crate::contract::{Attacker, AttackerIdentity, Engine, Ipv6Evidence};
use crate::error::Result;
use crate::json::Json;
use crate::sql::{Expect, Unit};
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
    check_as("evidence.addr", Attacker::LAST_IPV6_LINK_LOCAL, addr.as_deref())?;
    check_as("evidence.iid_kind", Attacker::LAST_IPV6_IID_KIND, iid_kind.as_deref())?;
    check_as("evidence.mac_oui", Attacker::LAST_IPV6_MAC_OUI, mac_oui.as_deref())?;
    let mut sql = repository.sql();
    sql.update::<Attacker>().assign(Attacker::IPV6_LEAK_COUNT).push("ipv6_leak_count + 1");
    sql.set(Attacker::LAST_IPV6_LEAK_AT, now).set(Attacker::LAST_IPV6_LINK_LOCAL, addr.clone());
    sql.set(Attacker::LAST_IPV6_IID_KIND, iid_kind.clone()).set(Attacker::LAST_IPV6_MAC_OUI, mac_oui.clone());
    sql.set(Attacker::UPDATED_AT, now).only(Attacker::UUID, attacker_uuid);
    let mut counted = Unit::new();
    counted.execute(sql.finish()?);
    let (Some(identity), Some(addr)) = (identity_uuid, addr) else {
        return repository.commit(counted).await.map(drop);
    };
    let entry = Leak {
        iid: &addr,
        oui: mac_oui.as_deref().unwrap_or_default(),
        kind: iid_kind.as_deref().unwrap_or("unknown"),
        first_seen: now.to_string().replace('Z', "+00:00"),
    };
    let (entry, counted) = (&entry, &counted);
    in_rounds("the addresses of this identity", || async move {
        let list = AttackerIdentity::IPV6_LINK_LOCAL_IIDS;
        let stored = repository.value_of(list, |sql| sql.only(AttackerIdentity::UUID, identity)).await?;
        let mut unit = counted.clone();
        if let Some(stored) = stored
            && let Some(longer) = appended(stored.as_deref(), entry)?
        {
            // The list is replaced only as it was read, so no other writer's address is lost.
            let mut sql = repository.sql();
            sql.update::<AttackerIdentity>().set(list, longer).only(AttackerIdentity::UUID, identity);
            sql.only(list, stored);
            unit.expect(sql.finish()?, Expect::one_row(""));
        }
        repository.commit(unit).await?;
        Ok(Some(()))
    })
    .await
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
    let mut entries = entries(list);
    let iid = Json::of(entry.iid)?;
    if entries.iter().any(|present| member(present, "iid").is_some_and(|present| present == iid)) {
        return Ok(None);
    }
    entries.push(Json::of(entry)?);
    list_text(&entries).map(Some)
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
