//! Values on their way to the server and back, by the types that it says placeholders and columns have.

use std::{error::Error, time::SystemTime};

use bytes::BytesMut;
use decnet_db_core::sql::{ColumnKind, Value};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

pub(crate) fn type_of(kind: ColumnKind) -> Type {
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

#[derive(Debug)]
pub(crate) struct Bound<'v>(pub(crate) &'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Int(v) if *ty == Type::BOOL => (*v != 0).to_sql(ty, out),
            Value::Int(v) if *ty == Type::FLOAT8 => (*v as f64).to_sql(ty, out),
            Value::Int(v) => v.to_sql_checked(ty, out),
            Value::Bool(v) => v.to_sql_checked(ty, out),
            Value::Real(v) => v.to_sql_checked(ty, out),
            Value::Blob(v) => v.to_sql_checked(ty, out),
            Value::Time(v) => SystemTime::try_from(*v)?.to_sql_checked(ty, out),
            Value::Text(v) if !self.0.has_nul() => v.to_sql_checked(ty, out),
            // Text with NUL equals nothing that is stored, as NULL does. It gets here in conditions only.
            Value::Null | Value::Text(_) => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(crate) fn read(row: &tokio_postgres::Row, at: usize) -> Result<Value, tokio_postgres::Error> {
    Ok(match *row.columns()[at].type_() {
        Type::BOOL => row.try_get::<_, Option<bool>>(at)?.into(),
        Type::INT4 => row.try_get::<_, Option<i32>>(at)?.into(),
        Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(at)?.into(),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.into(),
        Type::TIMESTAMP => row.try_get::<_, Option<SystemTime>>(at)?.into(),
        _ => row.try_get::<_, Option<String>>(at)?.into(),
    })
}
