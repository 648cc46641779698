//! What MySQL and MariaDB spell differently from other engines.
//!
//! Every statement is in the common subset of MariaDB 10.11+ and MySQL 8.0+. What differs is one name and one check: the
//! binary collation without padding, and MariaDB's `JSON_VALID`, which lets some malformed numbers and escapes pass.

use std::borrow::Cow;

use decnet_db_core::sql::{Column, ColumnKind, Dialect, KeyPart, Sql, Table, Value};

use crate::codes::OTHER_KEY;
use crate::flavour::Flavour;

/// `TO_SECONDS('1970-01-01')`, on both servers.
const EPOCH: &str = "62167219200";

/// The dialect of one database.
#[derive(Debug, Clone)]
pub(crate) struct Mysql {
    flavour: Flavour,
    table_options: Cow<'static, str>,
    /// Whether text columns may be in another character set than utf8mb4: DECNET leaves that to the database.
    other_charsets: bool,
    /// Whether DDL stops all nodes of a cluster.
    cluster: bool,
}

impl Mysql {
    /// The dialect for a server; `other_charsets` says whether the database has tables that are not in utf8mb4.
    pub(crate) fn new(flavour: Flavour, other_charsets: bool) -> Self {
        let collation = match flavour {
            Flavour::MariaDb => "utf8mb4_nopad_bin",
            Flavour::MySql => "utf8mb4_0900_bin",
        };
        Self { flavour, table_options: options("utf8mb4", collation), other_charsets, cluster: false }
    }

    /// The same for a server of a cluster.
    pub(crate) fn in_cluster(self, cluster: bool) -> Self {
        Self { cluster, ..self }
    }

    pub(crate) fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The same for adding tables beside others: foreign keys need one collation on both sides (ruling R3).
    pub(crate) fn with_collation(&self, charset: &str, collation: &str) -> Self {
        Self { table_options: options(charset, collation), ..self.clone() }
    }

    /// The column's text as UTF-8 bytes.
    fn bytes(&self, sql: &mut Sql<'_>, column: &'static Column) {
        if self.other_charsets {
            sql.push("CAST(CONVERT(").column(column).push(" USING utf8mb4) AS BINARY)");
        } else {
            sql.push("CAST(").column(column).push(" AS BINARY)");
        }
    }

    /// Begins an `IF` for text that MySQL's JSON functions read without an error: JSON that is nested deeper than 100 levels
    /// is one, 3157, even to `JSON_VALID`. So many opening brackets at most, or so many that are left when strings and
    /// what is inside of it are left out twice, can't be deeper.
    fn shallow(&self, sql: &mut Sql<'_>, column: &'static Column) {
        sql.push("IF(LENGTH(").column(column).push(") - LENGTH(REPLACE(REPLACE(").column(column);
        sql.push(", '[', ''), '{', '')) <= 100 OR (LENGTH(").column(column).push(") <= 1000000 AND ");
        for (begin, end) in [("LENGTH(", ")"), (" - LENGTH(REPLACE(REPLACE(", ", '[', ''), '{', ''))")] {
            sql.push(begin).push("REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(").column(column);
            sql.push(r#", '"(?:[^"\\\\]++|\\\\.)*+"', ''), '[\\[{][^\\[\\]{}]*+[\\]}]', ''), '[\\[{][^\\[\\]{}]*+[\\]}]', '')"#);
            sql.push(end);
        }
        sql.push(" <= 98), ");
    }

    fn member(&self, sql: &mut Sql<'_>, column: &'static Column, path: &str) {
        sql.push("JSON_EXTRACT(").column(column).push(", ").bind(path).push(")");
    }
}

/// Before a server is known: MariaDB's, over tables of ours.
pub(crate) static BEFORE_CONNECT: Mysql = Mysql {
    flavour: Flavour::MariaDb,
    table_options: Cow::Borrowed(" CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"),
    other_charsets: false,
    cluster: false,
};

fn options(charset: &str, collation: &str) -> Cow<'static, str> {
    format!(" CHARACTER SET {charset} COLLATE {collation}").into()
}

/// Folds one capital letter; indexed by the letter's place in the alphabet.
const FOLDS: [&str; 26] = [
    ", 'A', 'a')",
    ", 'B', 'b')",
    ", 'C', 'c')",
    ", 'D', 'd')",
    ", 'E', 'e')",
    ", 'F', 'f')",
    ", 'G', 'g')",
    ", 'H', 'h')",
    ", 'I', 'i')",
    ", 'J', 'j')",
    ", 'K', 'k')",
    ", 'L', 'l')",
    ", 'M', 'm')",
    ", 'N', 'n')",
    ", 'O', 'o')",
    ", 'P', 'p')",
    ", 'Q', 'q')",
    ", 'R', 'r')",
    ", 'S', 's')",
    ", 'T', 't')",
    ", 'U', 'u')",
    ", 'V', 'v')",
    ", 'W', 'w')",
    ", 'X', 'x')",
    ", 'Y', 'y')",
    ", 'Z', 'z')",
];

/// The longest needle that is looked for by a regular expression, in bytes: there is a limit to those.
const LONGEST_PATTERN: usize = 1_024;

/// The regular expression that finds the needle's bytes, ASCII letters in either case.
fn pattern(needle: &str) -> String {
    let mut pattern = String::from("(?i)");
    for character in needle.chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            pattern.push_str(&format!("\\x{:02x}", u32::from(character)));
        } else {
            pattern.push(character);
        }
    }
    pattern
}

impl Dialect for Mysql {
    fn system(&self) -> &'static str {
        self.flavour.system()
    }

    /// Ruling R3's types.
    fn column_type(&self, table: &Table, column: &Column) -> String {
        let text = |length: u16| {
            if length == 255 && !table.is_indexed(column.name) {
                "MEDIUMTEXT".to_owned()
            } else {
                format!("VARCHAR({length})")
            }
        };
        match column.kind {
            // Those of 32 bits too: ruling R3's schema has them so, and what goes in is checked.
            ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => "BIGINT".into(),
            ColumnKind::Text => text(255),
            ColumnKind::TextOf(length) => text(length),
            ColumnKind::Float => "DOUBLE".into(),
            ColumnKind::Bool => "BOOL".into(),
            ColumnKind::Time => "DATETIME(6)".into(),
            ColumnKind::Json => "JSON".into(),
            ColumnKind::Bytes(length) => format!("BINARY({length})"),
            // LongText, and whatever text kind comes later.
            _ => "MEDIUMTEXT".into(),
        }
    }

    /// A search in bytes: UTF-8 has no character inside another one, and `LIKE`, `LOWER` and the collations fold É too.
    ///
    /// MariaDB's regular expressions take bytes, and fold ASCII letters alone then, in half the time of the other way. MySQL's
    /// take no bytes, and no text where time limits them: there the letters that the needle has are folded one after another.
    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        if self.flavour == Flavour::MariaDb && needle.len() <= LONGEST_PATTERN {
            if self.other_charsets {
                sql.push("CONVERT(").column(column).push(" USING utf8mb4)");
            } else {
                sql.column(column);
            }
            // A pattern of bytes makes it look into bytes; to cast the column would copy each text.
            sql.push(" REGEXP CAST(").bind(pattern(needle)).push(" AS BINARY)");
            return;
        }
        let needle = needle.to_ascii_lowercase();
        let mut letters: Vec<_> =
            needle.bytes().filter(u8::is_ascii_lowercase).map(|letter| usize::from(letter - b'a')).collect();
        letters.sort_unstable();
        letters.dedup();
        sql.push("INSTR(");
        for _ in &letters {
            sql.push("REPLACE(");
        }
        self.bytes(sql, column);
        for fold in letters.into_iter().filter_map(|letter| FOLDS.get(letter)) {
            sql.push(fold);
        }
        sql.push(", ").bind(needle).push(") > 0");
    }

    /// `IF` is lazy on both servers, `AND` is not promised to be: MySQL's JSON functions fail on what is not JSON.
    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str) {
        let path = format!("$.\"{key}\"");
        if self.flavour == Flavour::MySql {
            self.shallow(sql, column);
        }
        sql.push("IF(JSON_VALID(").column(column).push("), IF(COALESCE(JSON_TYPE(");
        self.member(sql, column, &path);
        sql.push("), 'OBJECT') IN ('OBJECT', 'ARRAY'), FALSE, COALESCE(CAST(CONVERT(JSON_UNQUOTE(");
        self.member(sql, column, &path);
        // Bytes: MySQL's JSON functions return text whose collation minds no case in some versions.
        sql.push(") USING utf8mb4) AS BINARY) = CAST(").bind(text).push(" AS BINARY)");
        if self.flavour == Flavour::MariaDb {
            // What MariaDB takes for JSON and RFC 8259 does not: `1.`, `-`, `1e`, `"\x"`. Looked at in matches only.
            sql.push(" AND NOT REGEXP_REPLACE(").column(column);
            sql.push(r#", '"(?:[^"\\\\]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*+"', '') REGEXP "#);
            sql.push(r#"'"|[.](?![0-9])|-(?![0-9])|[0-9][eE](?![-+]?[0-9])'"#);
        }
        sql.push(", FALSE)), FALSE)");
        if self.flavour == Flavour::MySql {
            sql.push(", FALSE)");
        }
    }

    fn text_bytes(&self, sql: &mut Sql<'_>, column: &'static Column) {
        self.bytes(sql, column);
    }

    /// `TO_SECONDS` drops the fraction, before 1970 too, and knows neither the session's time zone nor the year 2038.
    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        sql.floor_to(seconds, |sql| {
            sql.push("(TO_SECONDS(").column(column).push(") - ").push(EPOCH).push(")");
        });
    }

    /// Where the table's collation takes another text for the same key, or another unique key is the one that is there,
    /// that row must not be overwritten (ruling R4): then the right side of the `OR` is evaluated, which fails because
    /// the product is out of range. It names a column so that no server computes it beforehand.
    fn upsert(&self, sql: &mut Sql<'_>, key: &[&'static Column], update: &[&'static Column]) {
        // With the table's name, as what an INSERT … SELECT reads may have columns of the same names.
        fn own<'s, 'd>(sql: &'s mut Sql<'d>, column: &'static Column) -> &'s mut Sql<'d> {
            sql.identifier(column.table).push(".").column(column)
        }
        sql.push(" ON DUPLICATE KEY UPDATE ");
        for (position, column) in update.iter().copied().enumerate() {
            if position > 0 {
                own(sql.push(", "), column).push(" = VALUES(").column(column).push(")");
                continue;
            }
            own(sql, column).push(" = IF(");
            for (position, part) in key.iter().copied().enumerate() {
                sql.push(if position > 0 { " AND " } else { "" });
                own(sql.push("CAST("), part).push(" AS BINARY) = CAST(VALUES(").column(part);
                sql.push(") AS BINARY)");
            }
            if let Some(part) = key.first().copied() {
                own(sql.push(" OR (LENGTH("), part).push(") + 2) * ").push(OTHER_KEY);
            }
            sql.push(", VALUES(").column(column).push("), VALUES(").column(column).push("))");
        }
    }

    fn catalog(&self) -> &'static str {
        "SELECT 'column', table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() \
         UNION ALL SELECT DISTINCT 'index', table_name, index_name FROM information_schema.statistics \
         WHERE table_schema = DATABASE()"
    }

    /// All bytes are bound as text in utf8mb4. A column of type BINARY takes them as they are, but in between, as in an
    /// `INSERT … SELECT`, what is no UTF-8 becomes question marks unless it is told to be bytes.
    fn placeholder_for(&self, text: &mut String, _position: usize, value: &Value) {
        text.push_str(if matches!(value, Value::Blob(_)) { "CAST(? AS BINARY)" } else { "?" });
    }

    fn quote(&self) -> char {
        '`'
    }

    /// `role` is no reserved word; DECNET's DDL quotes it all the same.
    fn is_reserved(&self, name: &str) -> bool {
        matches!(name, "key" | "role")
    }

    fn key_part(&self, part: &KeyPart) -> String {
        let column = self.identifier(part.column);
        part.prefix.map_or_else(|| column.clone(), |length| format!("{column}({length})"))
    }

    fn integer(&self) -> &'static str {
        "SIGNED"
    }

    fn assigned_key(&self) -> &'static str {
        "NULL"
    }

    fn serial_suffix(&self) -> &'static str {
        " AUTO_INCREMENT"
    }

    fn table_options(&self) -> &str {
        &self.table_options
    }

    fn creates_indexes_with_tables(&self) -> bool {
        true
    }

    /// Units and foreign keys need InnoDB, long keys the row format: both are the default only where nobody changed it.
    fn storage_options(&self) -> &'static str {
        " ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
    }

    /// Not INSERT IGNORE, which lets other errors pass too.
    fn insert_ignore(&self) -> (&'static str, &'static str) {
        ("INSERT INTO ", "")
    }

    fn insert_ignore_tail(&self, sql: &mut Sql<'_>, table: &'static Table) {
        sql.push(" ON DUPLICATE KEY UPDATE ");
        if let Some(key) = table.primary_key.first() {
            sql.identifier(key).push(" = ").identifier(key);
        }
    }

    fn exactly(&self, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        // The first comparison can use an index, whatever the collation; the second one decides.
        sql.push("(").column(column).push(" = ").bind(text.as_str()).push(" AND ");
        self.bytes(sql, column);
        sql.push(" = CAST(").bind(text).push(" AS BINARY))");
    }

    fn keeps_json_text(&self) -> bool {
        // To MySQL JSON is a type of its own, to MariaDB it is text.
        self.flavour != Flavour::MySql
    }

    fn resync_serial(&self, sql: &mut Sql<'_>, table: &'static Table, _column: &'static Column) {
        // Only for numbers without a gap: InnoDB's counter follows the largest number by itself.
        if self.cluster {
            return;
        }
        // A value that is too small is taken as the smallest that is free.
        sql.push("ALTER TABLE ").identifier(table.name).push(" AUTO_INCREMENT = 1");
    }

    fn max_parameters(&self) -> usize {
        65_535
    }
}
