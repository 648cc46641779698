//! Everything that this driver sends, held against what both servers take: MariaDB lets pass what MySQL refuses, so a
//! MariaDB that runs the tests proves nothing about MySQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::Result;
use decnet_db_core::call::{call, methods};
use decnet_db_core::config::SeedConfig;
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use decnet_db_core::sql::{Catalog, Dialect, Receipt, Rows, Statement, Step, Unit};
use decnet_db_core::testing;
use parking_lot::Mutex;

use decnet_db_mysql::dialect;

/// A version of each of the two servers.
const SERVERS: [&str; 2] = ["10.11.19-MariaDB", "8.4.3"];

/// Reserved in MySQL 8.4 or MariaDB 10.11: as names they must be quoted. Keywords are written in capitals here, so
/// whatever is in small letters is a name.
const RESERVED: &str = "accessible add all alter analyze and as asc asensitive before between bigint binary blob both by \
    call cascade case change char character check collate column condition constraint continue convert create cross cube \
    cume_dist current_date current_role current_time current_timestamp current_user cursor database databases day_hour \
    day_microsecond day_minute day_second dec decimal declare default delayed delete delete_domain_id dense_rank desc \
    describe deterministic distinct distinctrow div do_domain_ids double drop dual each else elseif empty enclosed escaped \
    except exists exit explain false fetch first_value float float4 float8 for force foreign from fulltext function general \
    generated get grant group grouping groups having high_priority hour_microsecond hour_minute hour_second if ignore \
    ignore_domain_ids ignore_server_ids in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer \
    intersect interval into io_after_gtids io_before_gtids is iterate join json_table key keys kill lag last_value lateral \
    lead leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop \
    low_priority manual master_bind master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob \
    mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural no_write_to_binlog not nth_value \
    ntile null numeric of offset on optimize optimizer_costs option optionally or order out outer outfile over \
    page_checksum parallel parse_vcol_expr partition percent_rank position precision primary procedure purge qualify range \
    rank read read_write reads real recursive ref_system_id references regexp release rename repeat replace require \
    resignal restrict return returning revoke right rlike row row_number rows schema schemas second_microsecond select \
    sensitive separator set show signal slow smallint spatial specific sql sql_big_result sql_calc_found_rows \
    sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages \
    stored straight_join system table tablesample terminated then tinyblob tinyint tinytext to trailing trigger true undo \
    union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar \
    varcharacter varying virtual when where while window with write xor year_month zerofill";

/// What one of the servers does not know, or understands otherwise.
const FORBIDDEN: [&str; 16] = [
    "RETURNING",
    "ON CONFLICT",
    " AS new",
    "->",
    "||",
    "IF NOT EXISTS",
    "INSERT IGNORE",
    "REPLACE INTO",
    "AS JSON)",
    "JSON_VALUE(",
    "::",
    " ILIKE ",
    "FROM_UNIXTIME",
    "UNIX_TIMESTAMP",
    "NULLS ",
    "\"",
];

#[derive(Debug)]
struct Recorder {
    dialect: Box<dyn Dialect>,
    seen: Mutex<BTreeSet<String>>,
}

impl Recorder {
    fn note(&self, statement: &Statement) {
        let placeholders = outside_quotes(statement.text()).matches('?').count();
        assert_eq!(placeholders, statement.values().len(), "{}", statement.text());
        self.seen.lock().insert(statement.text().to_owned());
    }
}

#[async_trait]
impl Backend for Recorder {
    fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.note(&statement);
        Ok(Rows::default())
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        for step in unit.steps() {
            match step {
                Step::Execute(statement, _) | Step::Query(statement) => self.note(statement),
                Step::Insert(insert) => {
                    self.seen.lock().insert(insert.text(&*self.dialect, 2));
                }
                _ => {}
            }
        }
        Ok(Receipt::default())
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.commit(bootstrap.seed().clone()).await?;
        let receipt = Receipt::default();
        bootstrap.finish(0, receipt)
    }

    async fn ping(&self) -> Result<ServerInfo> {
        Ok(ServerInfo::new("mysql", ""))
    }

    fn pool(&self) -> PoolStatus {
        PoolStatus::default()
    }

    async fn close(&self) {}
}

/// A value for an argument of that name and type; records that no rule here knows are left empty and refused.
fn value(name: &str, ty: &str) -> String {
    match (name, ty) {
        ("log_data", _) => r#"{"decky": "d", "service": "s", "event_type": "e", "attacker_ip": "x",
            "raw_line": "r", "fields": {}}"#
            .into(),
        ("log_entries", _) => format!("[{0}, {0}]", value("log_data", "")),
        ("bounty_data", _) => r#"{"decky": "d", "service": "s", "attacker_ip": "x", "bounty_type": "t",
            "payload": {}}"#
            .into(),
        ("user_data", _) => r#"{"uuid": "u", "username": "n", "password_hash": "h"}"#.into(),
        ("search", _) => r#""Root attacker:a with-dash:1""#.into(),
        (_, ty) if ty.contains("list of") => r#"["a", "b"]"#.into(),
        (_, ty) if ty.contains("time") => r#""2026-01-02T03:04:05Z""#.into(),
        (_, ty) if ty.contains("integer") || ty.contains("number") || ty.contains("count") => "7".into(),
        (_, ty) if ty.contains("bool") || ty.contains("flag") || ty.contains("true") => "true".into(),
        (_, ty) if ty.contains("text") => r#""a""#.into(),
        _ => "{}".into(),
    }
}

async fn statements(server: &str, other_charsets: bool) -> BTreeSet<String> {
    let recorder = Arc::new(Recorder { dialect: dialect(server, other_charsets), seen: Mutex::default() });
    let repository = testing::repository(
        recorder.clone(),
        SeedConfig::default().with_admin_password("correct horse battery"),
    );
    for method in methods() {
        // With all arguments, and with only those that are needed.
        for all in [true, false] {
            let members: Vec<_> = method
                .arguments()
                .filter(|argument| all || argument.required)
                .map(|argument| format!("{:?}: {}", argument.name, value(argument.name, argument.ty)))
                .collect();
            let arguments = decnet_db_core::json::Json::parse(format!("{{{}}}", members.join(", "))).unwrap();
            let _ = call(&*repository, method.name, arguments).await;
        }
    }
    let _ = repository.row_counts().await;
    std::mem::take(&mut *recorder.seen.lock())
}

fn ddl(server: &str) -> Vec<String> {
    let missing = SCHEMA.missing(&Catalog::default(), &*dialect(server, false)).unwrap();
    missing.into_iter().map(|statement| statement.into_parts().0).collect()
}

/// The text without what is inside quotes.
fn outside_quotes(text: &str) -> String {
    let mut quote = None;
    text.chars()
        .map(|c| match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
                ' '
            }
            None if c == '\'' || c == '`' => {
                quote = Some(c);
                ' '
            }
            None => c,
        })
        .collect()
}

fn check(text: &str) {
    let bare = outside_quotes(text);
    for word in FORBIDDEN {
        assert!(!bare.contains(word), "{word}: {text}");
    }
    for name in bare.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let reserved = name.starts_with(|c: char| c.is_ascii_lowercase())
            && RESERVED.split_whitespace().any(|word| word == name);
        assert!(!reserved, "{name} must be quoted: {text}");
    }
}

#[tokio::test]
async fn statements_are_in_the_subset_that_both_servers_take() {
    for server in SERVERS {
        for other_charsets in [false, true] {
            let statements = statements(server, other_charsets).await;
            assert!(statements.len() > 30, "{}: {statements:#?}", statements.len());
            for table in ["logs", "bounty", "users", "revoked_tokens", "state"] {
                let insert = format!("INSERT INTO {table} ");
                assert!(statements.iter().any(|text| text.starts_with(&insert)), "{table}: {statements:#?}");
            }
            statements.iter().for_each(|text| check(text));
        }
    }
}

#[test]
fn tables_and_keys_are_within_mysqls_limits() {
    for server in SERVERS {
        let dialect = dialect(server, false);
        for text in ddl(server) {
            check(&text);
            assert!(!text.contains("DEFAULT"), "{text}");
            if text.starts_with("CREATE TABLE") {
                assert!(text.contains(") CHARACTER SET utf8mb4 COLLATE utf8mb4_"), "{text}");
            }
        }
        for table in SCHEMA.tables {
            let bytes = |column: &str, prefix: Option<u16>| -> u32 {
                let column = table.column(column).unwrap();
                let kind = dialect.column_type(table, column);
                assert!(
                    !kind.contains("TEXT") && kind != "JSON",
                    "{}.{}: a key on {kind}",
                    table.name,
                    column.name
                );
                match kind.strip_prefix("VARCHAR(").and_then(|rest| rest.strip_suffix(')')) {
                    Some(length) => 4 * prefix.map_or_else(|| length.parse().unwrap(), u32::from),
                    None => 8,
                }
            };
            let keys = std::iter::once(table.primary_key.iter().map(|name| bytes(name, None)).sum())
                .chain(
                    table
                        .indexes
                        .iter()
                        .map(|index| index.columns.iter().map(|name| bytes(name, None)).sum()),
                )
                .chain(
                    table
                        .uniques
                        .iter()
                        .map(|key| key.columns.iter().map(|part| bytes(part.column, part.prefix)).sum()),
                );
            for key in keys {
                let key: u32 = key;
                assert!(key <= 3_072, "{}: a key of {key} bytes", table.name);
            }
            let row: u32 =
                table.columns.iter().map(|column| row_bytes(&dialect.column_type(table, column))).sum();
            assert!(row <= 65_535, "{}: a row of {row} bytes", table.name);
        }
    }
}

/// What a column counts for against the limit of a row.
fn row_bytes(kind: &str) -> u32 {
    match kind.strip_prefix("VARCHAR(").and_then(|rest| rest.strip_suffix(')')) {
        Some(length) => 4 * length.parse::<u32>().unwrap() + 2,
        None => 12,
    }
}

/// Ruling R3's text for these tables, to the letter.
#[test]
fn the_ddl_is_ruling_r3s() {
    let dialect = dialect(SERVERS[0], false);
    let ddl: Vec<_> = SCHEMA
        .tables
        .iter()
        .flat_map(|table| {
            let indexes = table.indexes.iter().map(|index| table.create_index(index, &*dialect));
            std::iter::once(table.create(&*dialect)).chain(indexes)
        })
        .map(|statement| statement.into_parts().0)
        .collect();
    for expected in [
        "CREATE TABLE bounty (\n\tid BIGINT NOT NULL AUTO_INCREMENT, \n\ttimestamp DATETIME(6) NOT NULL, \n\tdecky \
         VARCHAR(255) NOT NULL, \n\tservice VARCHAR(255) NOT NULL, \n\tattacker_ip VARCHAR(255) NOT NULL, \
         \n\tbounty_type VARCHAR(255) NOT NULL, \n\tpayload MEDIUMTEXT NOT NULL, \n\tPRIMARY KEY (id)\n) CHARACTER SET \
         utf8mb4 COLLATE utf8mb4_nopad_bin",
        "CREATE INDEX ix_bounty_attacker_ip ON bounty (attacker_ip)",
        "CREATE TABLE state (\n\t`key` VARCHAR(255) NOT NULL, \n\tvalue MEDIUMTEXT NOT NULL, \n\tPRIMARY KEY \
         (`key`)\n) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        "CREATE TABLE users (\n\tuuid VARCHAR(255) NOT NULL, \n\tusername VARCHAR(255) NOT NULL, \n\tpassword_hash \
         MEDIUMTEXT NOT NULL, \n\t`role` MEDIUMTEXT NOT NULL, \n\tmust_change_password BOOL NOT NULL, \
         \n\ttokens_valid_from DATETIME(6), \n\tPRIMARY KEY (uuid)\n) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        "CREATE UNIQUE INDEX ix_users_username ON users (username)",
    ] {
        assert!(ddl.iter().any(|text| text == expected), "{expected}\n{ddl:#?}");
    }
    // A database is set up with the same tables: with their indexes, and with the engine that they need.
    for (server, collation) in SERVERS.into_iter().zip(["utf8mb4_nopad_bin", "utf8mb4_0900_bin"]) {
        let whole = self::ddl(server);
        assert_eq!(whole.len(), SCHEMA.tables.len() + 1);
        let end = format!(" COLLATE {collation} ENGINE=InnoDB ROW_FORMAT=DYNAMIC");
        assert!(whole.iter().all(|text| text.ends_with(&end)), "{whole:#?}");
        let indexes: usize = whole.iter().map(|text| text.matches("INDEX ").count()).sum();
        let declared: usize = SCHEMA.tables.iter().map(|table| table.indexes.len()).sum();
        assert_eq!(indexes, declared);
    }
}
