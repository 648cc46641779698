//! DECNET's own records.

use decnet_db_core::contract::NewLog;
use decnet_db_core::json::{Json, MapOrText};

use super::members::Members;
use super::{Rejection, time};

/// Makes an event of a record: what `add_log` would take of it, without `id`, which is no member of a capture line.
pub(super) fn parse(members: &Members<'_>) -> Result<NewLog, Rejection> {
    let decky = members.required("decky")?;
    let service = members.required("service")?;
    let event_type = members.required("event_type")?;
    let attacker_ip = members.required("attacker_ip")?;
    let mut log = NewLog::new(decky, service, event_type, attacker_ip)
        .raw_line(members.required("raw_line")?)
        .fields(fields(members)?);
    log.timestamp = members.text("timestamp")?.as_deref().map(time).transpose()?;
    log.msg = members.text("msg")?;
    log.trace_id = members.text("trace_id")?;
    log.span_id = members.text("span_id")?;
    Ok(log)
}

fn fields(members: &Members<'_>) -> Result<MapOrText, Rejection> {
    let value = members.given("fields").ok_or_else(|| Rejection::new("fields: is missing"))?;
    Json::parse(value.get())
        .and_then(|json| MapOrText::from_json(&json))
        .map_err(|error| Rejection::new(error.within("fields").to_string()))
}
