//! Where a request comes from, and what is counted as one place.

use std::{
    fmt,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};

use crate::kit::problems::problem::Problem;

/// The client's address, as the gate has found it out: the peer's, or what the outermost trusted proxy wrote down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequest for ClientAddress {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().copied();
        let peer = || Self(request.peer_addr().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.ip()));
        ready(Ok(known.unwrap_or_else(peer)))
    }
}

/// Addresses that are counted together, by the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// An office or a rented block: 24 bits of IPv4, 48 of IPv6.
    pub fn wide(address: IpAddr) -> Self {
        Self::of(address, 24, 48)
    }

    /// One address of IPv4, because thousands of phones share each one of a carrier's; 64 bits of IPv6, because a phone or a
    /// home has so many of them to itself, and a carrier's phones share the 48 bits before.
    pub fn narrow(address: IpAddr) -> Self {
        Self::of(address, 32, 64)
    }

    fn of(address: IpAddr, bits_of_v4: u8, bits_of_v6: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits_of_v4.into())).unwrap_or(0);
                Self { first: Ipv4Addr::from_bits(address.to_bits() & mask).into(), bits: bits_of_v4 }
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits_of_v6.into())).unwrap_or(0);
                Self { first: Ipv6Addr::from_bits(address.to_bits() & mask).into(), bits: bits_of_v6 }
            }
        }
    }
}

/// As `203.0.113.0/24`.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_the_same_and_others_are_not() {
        let wide = |text: &str| Network::wide(text.parse().unwrap()).to_string();
        let narrow = |text: &str| Network::narrow(text.parse().unwrap()).to_string();

        assert_eq!(wide("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(wide("::ffff:203.0.113.200"), "203.0.113.0/24");
        assert_eq!(narrow("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(wide("2001:db8:1:ffff::1"), "2001:db8:1::/48");
        assert_eq!(narrow("2001:db8:1:ffff::1"), "2001:db8:1:ffff::/64");
        assert_ne!(wide("2001:db8:2::1"), wide("2001:db8:1::1"));
        assert_ne!(narrow("2001:db8:1:2::1"), narrow("2001:db8:1:1::1"));
    }
}
