//! How often somebody may try to sign in.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::state::State;

/// As in DECNET: so many tries in that time.
const MOST: usize = 10;
const WINDOW: Duration = Duration::from_secs(300);
/// How many addresses are remembered; of more, those that tried least lately are forgotten.
const ADDRESSES: usize = 10_000;
/// Where a proxy says who its client is.
const FORWARDED: &str = "x-forwarded-for";

/// From where somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

impl Origin {
    /// The peer's address; behind a proxy, the last one that it added, since what stands before it is the client's own
    /// claim. One for all whose address is not known.
    fn of(peer: Option<SocketAddr>, headers: &HeaderMap, behind_proxy: bool) -> Self {
        let forwarded = || {
            let last = headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok()
        };
        let address = if behind_proxy { forwarded() } else { None };
        Self(network(address.or(peer.map(|peer| peer.ip())).unwrap_or(Ipv4Addr::UNSPECIFIED.into())))
    }
}

/// Who has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl FromRequestParts<State> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        Ok(Self::of(peer, &parts.headers, state.auth.tokens.behind_tls))
    }
}

/// The tries of the last minutes that did not succeed, or have not yet.
#[derive(Default)]
pub(super) struct Tries {
    origins: Mutex<HashMap<Origin, VecDeque<Instant>>>,
}

impl Tries {
    /// Notes a try before it is made, so that many at once are counted too.
    ///
    /// # Errors
    /// After how long the next one is allowed, when there were too many.
    pub(super) fn begin(&self, origin: Origin, now: Instant) -> Result<(), Duration> {
        let mut origins = self.origins();
        if origins.len() >= ADDRESSES && !origins.contains_key(&origin) {
            forget(&mut origins, now);
        }
        let tries = origins.entry(origin).or_default();
        while tries.front().is_some_and(|first| now.saturating_duration_since(*first) >= WINDOW) {
            tries.pop_front();
        }
        match tries.front() {
            Some(first) if tries.len() >= MOST => {
                Err(WINDOW.saturating_sub(now.saturating_duration_since(*first)))
            }
            _ => {
                tries.push_back(now);
                Ok(())
            }
        }
    }

    /// The try that began then succeeded.
    pub(super) fn succeeded(&self, origin: Origin, begun: Instant) {
        let mut origins = self.origins();
        if let Some(tries) = origins.get_mut(&origin) {
            if let Some(place) = tries.iter().position(|instant| *instant == begun) {
                tries.remove(place);
            }
            if tries.is_empty() {
                origins.remove(&origin);
            }
        }
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<Origin, VecDeque<Instant>>> {
        // Nothing is left half done in there.
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room: for a tenth at least, so that it is not done for each.
fn forget(origins: &mut HashMap<Origin, VecDeque<Instant>>, now: Instant) {
    origins.retain(|_, tries| tries.back().is_some_and(|last| now.saturating_duration_since(*last) < WINDOW));
    let keep = ADDRESSES - ADDRESSES / 10;
    if origins.len() > keep {
        let mut last: Vec<Instant> = origins.values().filter_map(|tries| tries.back().copied()).collect();
        last.sort_unstable();
        if let Some(oldest) = last.get(last.len() - keep).copied() {
            origins.retain(|_, tries| tries.back().is_some_and(|last| *last >= oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(number: u32) -> Origin {
        Origin(Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn ten_tries_fail_in_five_minutes_and_no_more() {
        let (tries, start) = (Tries::default(), Instant::now());
        let second = Duration::from_secs(1);
        for number in 0..10 {
            tries.begin(origin(1), start + second * number).unwrap();
        }
        assert_eq!(tries.begin(origin(1), start + second * 20), Err(second * 280));
        // Others may, and one that succeeds does not count.
        for number in 0..20 {
            let begun = start + second * number;
            tries.begin(origin(2), begun).unwrap();
            tries.succeeded(origin(2), begun);
        }
        assert!(!tries.origins().contains_key(&origin(2)));
        tries.begin(origin(1), start + WINDOW).unwrap();
        assert_eq!(tries.begin(origin(1), start + WINDOW), Err(second));
    }

    #[test]
    fn addresses_are_forgotten_and_those_of_late_are_not() {
        let (tries, start) = (Tries::default(), Instant::now());
        for number in 0..25_000 {
            tries.begin(origin(number), start + Duration::from_micros(number.into())).unwrap();
        }
        let origins = tries.origins();
        assert!(origins.len() <= ADDRESSES, "{}", origins.len());
        assert!((16_001..25_000).all(|number| origins.contains_key(&origin(number))));
    }

    #[test]
    fn an_origin_is_who_the_proxy_says_and_not_who_the_client_says() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, "203.0.113.1, 198.51.100.7".parse().unwrap());
        let peer: Option<SocketAddr> = Some("192.0.2.1:5000".parse().unwrap());
        let of = |peer, headers: &HeaderMap, proxy| Origin::of(peer, headers, proxy).0.to_string();
        assert_eq!(of(peer, &headers, false), "192.0.2.1");
        assert_eq!(of(peer, &headers, true), "198.51.100.7");
        headers.append(FORWARDED, "2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(of(peer, &headers, true), "2001:db8:1:2::");
        assert_eq!(of(peer, &HeaderMap::new(), true), "192.0.2.1");
        assert_eq!(of(Some("[::ffff:192.0.2.9]:1".parse().unwrap()), &headers, false), "192.0.2.9");
        assert_eq!(of(None, &headers, false), "0.0.0.0");
    }
}
