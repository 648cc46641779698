//! Addresses that deckies have or could have in a LAN.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The addresses of a LAN: those that are taken, and the first that may be free.
pub(super) struct Addresses {
    next: u32,
    last: u32,
    taken: BTreeSet<u32>,
}

impl Addresses {
    /// Those of an IPv4 prefix such as `10.0.1.0/24`, or none where the text is none. The network's own address, the first one
    /// (the gateway's) and the last one (broadcast) are not given to deckies.
    pub(super) fn of(subnet: &str) -> Option<Self> {
        let (address, length) = subnet.split_once('/')?;
        let (address, length) = (address.parse::<Ipv4Addr>().ok()?.to_bits(), length.parse::<u32>().ok()?);
        let hosts = u32::MAX.checked_shr(length).filter(|_| length <= 32).unwrap_or(0);
        let network = address & !hosts;
        let last = (network | hosts).saturating_sub(1);
        Some(Self { next: network.saturating_add(2), last, taken: BTreeSet::new() })
    }

    /// Takes an address out that a decky has.
    pub(super) fn keep(&mut self, address: &str) {
        self.taken.extend(address.parse::<Ipv4Addr>().map(Ipv4Addr::to_bits));
    }

    /// The wanted address where it is the LAN's and free, otherwise the first that is; none when all are taken.
    pub(super) fn take(&mut self, wanted: Option<&str>) -> Option<String> {
        let wanted = wanted.and_then(|address| address.parse::<Ipv4Addr>().ok()).map(Ipv4Addr::to_bits);
        // Before the first is the gateway: what is below `next` is either that or taken.
        let free = |address: &u32| (self.next..=self.last).contains(address) && !self.taken.contains(address);
        let found = wanted.filter(free).or_else(|| (self.next..=self.last).find(|address| free(address)))?;
        self.taken.insert(found);
        Some(Ipv4Addr::from_bits(found).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_address_is_behind_the_gateway() {
        let mut lan = Addresses::of("10.0.0.77/29").unwrap();
        lan.keep("10.0.0.75");
        lan.keep("nope");
        let taken: Vec<_> = std::iter::from_fn(|| lan.take(None)).collect();
        assert_eq!(taken, ["10.0.0.74", "10.0.0.76", "10.0.0.77", "10.0.0.78"]);
    }

    #[test]
    fn a_wanted_address_is_taken_once_and_only_in_the_lan() {
        let mut lan = Addresses::of("10.0.0.0/24").unwrap();
        let mut take = |address| lan.take(Some(address)).unwrap();
        assert_eq!(take("10.0.0.9"), "10.0.0.9");
        assert_eq!(take("10.0.0.9"), "10.0.0.2");
        for other in ["10.0.0.1", "10.0.0.255", "10.0.1.9", "::1", ""] {
            assert!(take(other).starts_with("10.0.0."), "{other}");
        }
    }

    #[test]
    fn odd_prefixes_have_few_addresses_or_none() {
        for (subnet, count) in
            [("10.0.0.0/30", 1), ("10.0.0.0/31", 0), ("10.0.0.0/32", 0), ("255.255.255.255/32", 0)]
        {
            let mut lan = Addresses::of(subnet).unwrap();
            assert_eq!(std::iter::from_fn(|| lan.take(None)).count(), count, "{subnet}");
        }
        assert_eq!(Addresses::of("0.0.0.0/0").unwrap().take(None).unwrap(), "0.0.0.2");
        for text in ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "fd00::/64", "10.0.0/8", "10.0.0.0/-1"] {
            assert!(Addresses::of(text).is_none_or(|mut lan| lan.take(None).is_none()), "{text}");
        }
    }
}
