//! The column types of both engines, so far as DDL needs them.

use decnet_db_core::sql::{Column, ColumnKind, Dialect, KeyPart, Sql, Table};

#[derive(Debug)]
pub(crate) struct Sqlite;

#[derive(Debug)]
pub(crate) struct MySql;

/// What a query would need and DDL does not.
macro_rules! no_queries {
    () => {
        fn contains(&self, _: &mut Sql<'_>, _: &'static str, _: &str) {
            unreachable!("DDL only")
        }
        fn json_member_equals(&self, _: &mut Sql<'_>, _: &'static str, _: &str, _: &str) {
            unreachable!("DDL only")
        }
        fn bucket(&self, _: &mut Sql<'_>, _: &'static str, _: i64) {
            unreachable!("DDL only")
        }
        fn upsert(&self, _: &mut Sql<'_>, _: &[&'static str], _: &[&'static str]) {
            unreachable!("DDL only")
        }
        fn catalog(&self) -> &'static str {
            unreachable!("DDL only")
        }
    };
}

impl Dialect for Sqlite {
    no_queries!();

    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn column_type(&self, _: &Table, column: &Column) -> String {
        match column.kind {
            ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => "INTEGER".into(),
            ColumnKind::Text => "VARCHAR".into(),
            ColumnKind::TextOf(length) => format!("VARCHAR({length})"),
            ColumnKind::LongText => "TEXT".into(),
            ColumnKind::Float => "FLOAT".into(),
            ColumnKind::Bool => "BOOLEAN".into(),
            ColumnKind::Time => "DATETIME".into(),
            ColumnKind::Json => "JSON".into(),
            ColumnKind::Bytes(_) => "BLOB".into(),
            other => panic!("no type for {other:?}"),
        }
    }
}

impl Dialect for MySql {
    no_queries!();

    fn system(&self) -> &'static str {
        "mariadb"
    }

    fn column_type(&self, table: &Table, column: &Column) -> String {
        match column.kind {
            ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => "BIGINT".into(),
            // 255 is what the original says where it has no length in mind, so it counts as none.
            ColumnKind::Text | ColumnKind::TextOf(255) if table.is_indexed(column.name) => {
                "VARCHAR(255)".into()
            }
            ColumnKind::Text | ColumnKind::TextOf(255) | ColumnKind::LongText => "MEDIUMTEXT".into(),
            ColumnKind::TextOf(length) => format!("VARCHAR({length})"),
            ColumnKind::Float => "DOUBLE".into(),
            ColumnKind::Bool => "BOOL".into(),
            ColumnKind::Time => "DATETIME(6)".into(),
            ColumnKind::Json => "JSON".into(),
            ColumnKind::Bytes(length) => format!("BINARY({length})"),
            other => panic!("no type for {other:?}"),
        }
    }

    fn identifier(&self, name: &str) -> String {
        if matches!(name, "key" | "role") { format!("`{name}`") } else { name.to_owned() }
    }

    fn key_part(&self, part: &KeyPart) -> String {
        let name = self.identifier(part.column);
        part.prefix.map_or_else(|| name.clone(), |length| format!("{name}({length})"))
    }

    fn serial_suffix(&self) -> &'static str {
        " AUTO_INCREMENT"
    }

    fn table_options(&self) -> &'static str {
        " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    }
}
