//! Values on their way to the server and back, by the types that it says placeholders and columns have.

use std::error::Error;
use std::time::SystemTime;

use bytes::BytesMut;
use decnet_db_core::sql::{ColumnKind, Value};
use decnet_db_core::time::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// The type of a column.
pub(crate) fn column_type(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => Type::INT8,
        ColumnKind::Float => Type::FLOAT8,
        ColumnKind::Bool => Type::BOOL,
        ColumnKind::Time => Type::TIMESTAMP,
        ColumnKind::Bytes(_) => Type::BYTEA,
        // JSON too: JSONB would respell it.
        _ => Type::TEXT,
    }
}

/// A value to be bound.
#[derive(Debug)]
pub(crate) struct Bound<'v>(pub(crate) &'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            // Equals nothing that is stored, as NULL does; units that would store it are refused.
            (value, _) if value.has_nul() => Ok(IsNull::Yes),
            (Value::Bool(v), &Type::BOOL) => v.to_sql(ty, out),
            (Value::Int(v), &Type::BOOL) => (*v != 0).to_sql(ty, out),
            (Value::Int(v), &Type::INT8) => v.to_sql(ty, out),
            (Value::Int(v), &Type::FLOAT8) => (*v as f64).to_sql(ty, out),
            (Value::Real(v), &Type::FLOAT8) => v.to_sql(ty, out),
            (Value::Text(v), &(Type::TEXT | Type::VARCHAR)) => v.to_sql(ty, out),
            (Value::Blob(v), &Type::BYTEA) => v.to_sql(ty, out),
            (Value::Time(v), &Type::TIMESTAMP) => SystemTime::try_from(*v)?.to_sql(ty, out),
            (value, ty) => Err(format!("{} where the server takes {ty}", value.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value that was read.
pub(crate) fn read(row: &Row, at: usize) -> Result<Value, tokio_postgres::Error> {
    Ok(match *row.columns()[at].type_() {
        Type::BOOL => row.try_get::<_, Option<bool>>(at)?.into(),
        Type::INT4 => row.try_get::<_, Option<i32>>(at)?.into(),
        Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(at)?.into(),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.into(),
        Type::TIMESTAMP => {
            row.try_get::<_, Option<SystemTime>>(at)?.and_then(|time| Timestamp::try_from(time).ok()).into()
        }
        _ => row.try_get::<_, Option<String>>(at)?.into(),
    })
}
