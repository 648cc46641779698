//! Changes to an input, chosen by a seed.

use fastrand::Rng;

use crate::inputs::Input;

/// The longest input that mutations make.
const LONGEST: usize = 4096;

/// What means something in one of the formats.
const TOKENS: [&[u8]; 40] = [
    b"\0",
    b"\n",
    b"\r",
    b" ",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"=",
    b"%",
    b"%2",
    b"%00",
    b"@",
    b"/",
    b"?",
    b"&",
    b"#",
    b"-",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\xc2\x85",
    b"\xe2\x80\xae",
    b"\xf0\x9f\xa6\x80",
    b"null",
    b"true",
    b"1e999",
    b"-0",
    b"9223372036854775808",
    b"NaN",
    b"\"\"",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\xef\xbb\xbf",
];

/// One of the inputs with one to eight changes.
pub(crate) fn mutated(inputs: &[Input], random: &mut Rng) -> Vec<u8> {
    let mut bytes = one_of(inputs, random).to_vec();
    for _ in 0..random.usize(1..=8) {
        change(&mut bytes, inputs, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn one_of<'i>(inputs: &'i [Input], random: &mut Rng) -> &'i [u8] {
    match inputs.len() {
        0 => &[],
        count => &inputs[random.usize(0..count)].bytes,
    }
}

fn change(bytes: &mut Vec<u8>, inputs: &[Input], random: &mut Rng) {
    let at = random.usize(0..=bytes.len());
    let end = random.usize(at..=bytes.len());
    match random.u8(0..8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
        1 if at < bytes.len() => bytes[at] = random.u8(..),
        2 => bytes.insert(at, random.u8(..)),
        3 => drop(bytes.drain(at..end.min(at + 16))),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let piece = bytes[at..end].to_vec();
            let to = random.usize(0..=bytes.len());
            drop(bytes.splice(to..to, piece));
        }
        6 => {
            let token = TOKENS[random.usize(0..TOKENS.len())];
            drop(bytes.splice(at..at, token.iter().copied()));
        }
        _ => {
            // What follows comes from another input.
            let other = one_of(inputs, random);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.usize(0..=other.len())..]);
        }
    }
}
