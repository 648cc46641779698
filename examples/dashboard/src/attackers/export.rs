//! All attackers as one JSON document, which is never held as a whole.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::IntoResponse;
use decnet_db::Repository;
use decnet_db::contract::{AttackerCursor, AttackerFilter, ExportedAttacker};
use decnet_db::time::Timestamp;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};

use crate::error::ApiResult;
use crate::repo::Repo;

/// How many attackers are read, and held, at once.
const PAGE: u64 = 500;

/// `GET /attackers/export`
pub(crate) async fn export(repo: Repo) -> ApiResult<impl IntoResponse> {
    let now = Timestamp::now();
    let metadata = json!({
        "source": "DECNET Honeypot",
        "version": "1.0",
        "exported_at": now,
        "total_records": repo.get_total_attackers(AttackerFilter::all()).await?,
        "schema_version": "1.0",
    });
    let head = format!("{{\"export_metadata\":{metadata},\"observations\":[\n");
    let text =
        stream::iter([Ok(head)]).chain(observations(repo.0)).chain(stream::iter([Ok("\n]}".to_owned())]));
    let digits: String = now.to_string().chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    let name = format!("attachment; filename=\"decnet-export-{digits}Z.json\"");
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(text.map(|text: decnet_db::Result<String>| text.map(Bytes::from)))))
}

/// The attackers, a line each, with commas between; ordered by their uuids, which is how they can be read page by page.
///
/// After an error the answer breaks off: whoever reads it sees that it is not whole.
fn observations(repository: Arc<dyn Repository>) -> impl Stream<Item = decnet_db::Result<String>> {
    /// Where the next page begins.
    enum Next {
        First,
        After(AttackerCursor),
        End,
    }
    stream::try_unfold((repository, Next::First), |(repository, next)| async move {
        let (after, mut separator) = match next {
            Next::First => (None, ""),
            Next::After(cursor) => (Some(cursor), ",\n"),
            Next::End => return Ok(None),
        };
        let page = repository.export_attackers(PAGE, after).await.inspect_err(|error| {
            tracing::error!(%error, "an export of attackers broke off");
        })?;
        let mut text = String::new();
        for attacker in page.data {
            text.push_str(separator);
            text.push_str(&observation(attacker).to_string());
            separator = ",\n";
        }
        Ok(Some((text, (repository, page.next.map_or(Next::End, Next::After)))))
    })
}

/// DECNET's choice of columns.
fn observation(ExportedAttacker { attacker, threat_intel, .. }: ExportedAttacker) -> Value {
    let intel = threat_intel.map(|intel| {
        json!({
            "aggregate_verdict": intel.aggregate_verdict,
            "greynoise_classification": intel.greynoise_classification,
            "abuseipdb_score": intel.abuseipdb_score,
            "feodo_listed": intel.feodo_listed,
            "threatfox_listed": intel.threatfox_listed,
            "cached_at": intel.cached_at,
        })
    });
    json!({
        "uuid": attacker.uuid,
        "ip": attacker.ip,
        "first_seen": attacker.first_seen,
        "last_seen": attacker.last_seen,
        "identity_id": attacker.identity_id,
        "event_count": attacker.event_count,
        "service_count": attacker.service_count,
        "decky_count": attacker.decky_count,
        "services": attacker.services,
        "deckies": attacker.deckies,
        "traversal_path": attacker.traversal_path,
        "is_traversal": attacker.is_traversal,
        "bounty_count": attacker.bounty_count,
        "credential_count": attacker.credential_count,
        "fingerprints": attacker.fingerprints,
        "commands": attacker.commands,
        "geoip": { "country_code": attacker.country_code, "source": attacker.country_source },
        "network": {
            "asn": attacker.asn,
            "as_name": attacker.as_name,
            "bgp_prefix": attacker.bgp_prefix,
            "asn_source": attacker.asn_source,
            "rpki_status": attacker.rpki_status,
            "rpki_source": attacker.rpki_source,
            "ptr_record": attacker.ptr_record,
        },
        "threat_intel": intel,
    })
}
