//! Random tokens and the hashes that stand for them in the database.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes from the system's generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    rand::random()
}

/// An opaque token of 256 random bits, for refresh tokens, codes and client secrets.
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// What is stored in a token's place. A random token of 256 bits needs no salt.
pub fn token_hash(token: &str) -> String {
    to_hex(&sha256(token.as_bytes()))
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Are they equal? Takes the same time wherever they differ.
pub fn equal_in_constant_time(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
