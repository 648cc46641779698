use std::io::Write as _;

use super::*;

fn packed(packing: Packing, data: &[u8]) -> Vec<u8> {
    match packing {
        Packing::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Packing::Zstd => zstd::stream::encode_all(data, 1).unwrap(),
        Packing::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Packing::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
    }
}

const PACKINGS: [Packing; 4] = [Packing::Gzip, Packing::Zstd, Packing::Xz, Packing::Bzip2];

/// Gives a byte at a time, and between them nothing.
struct Slow(io::Cursor<Vec<u8>>, bool);

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 && !out.is_empty() {
            self.0.read(&mut out[..1])
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
}

fn unpack(data: Vec<u8>) -> io::Result<(Vec<u8>, u64)> {
    let rubbish: Arc<AtomicU64> = Arc::default();
    let mut input = Unpacked::new(Slow(io::Cursor::new(data), false), Arc::clone(&rubbish));
    let (mut read, mut chunk) = (Vec::new(), [0; 100]);
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return Ok((read, rubbish.load(Ordering::Relaxed))),
            Ok(count) => read.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn each_compression_is_known_by_its_content_however_slowly_it_comes() {
    let body = "0123456789\n".repeat(50);
    for packing in PACKINGS {
        let once = packed(packing, body.as_bytes());
        assert_eq!(Packing::of(&once), Some(packing));
        assert_eq!(unpack(once.clone()).unwrap(), (body.clone().into_bytes(), 0), "{packing:?}");
        let twice = [once.clone(), packed(Packing::Gzip, b"x\n")].concat();
        assert_eq!(unpack(twice).unwrap().0, (body.clone() + "x\n").as_bytes(), "{packing:?}");
        let padded = [&once[..], &[0; 1000]].concat();
        assert_eq!(unpack(padded).unwrap(), (body.clone().into_bytes(), 0), "{packing:?}");
        let spoiled = [&once[..], b"\0rubbish"].concat();
        assert_eq!(unpack(spoiled).unwrap(), (body.clone().into_bytes(), 7), "{packing:?}");
        assert!(unpack(once[..once.len() - 5].to_vec()).is_err(), "{packing:?}: cut");
    }
    for plain in [&b""[..], b"a", b"a\nb\n", &[0x1f]] {
        assert_eq!(unpack(plain.to_vec()).unwrap(), (plain.to_vec(), 0));
    }
}

#[test]
fn what_is_known_to_be_no_lines_is_named() {
    for (first, name) in [
        (&b"\xff\xfe{\0"[..], "UTF-16"),
        (b"{\0\"\0", "UTF-16"),
        (b"\0{\0\"", "UTF-16"),
        (b"PK\x03\x04....", "zip"),
        (b"[\n", "JSON array"),
        (b"[{\"a\":1}]", "JSON array"),
        (b"\xef\xbb\xbf [ {", "JSON array"),
        (b"]\0\0\x80\0", "lzma"),
    ] {
        assert!(refusal(first).is_some_and(|reason| reason.contains(name)), "{name}");
    }
    for line in [&b"{\"a\":1}\n"[..], b"<134>1 ", b"[1, 2]\n", b"", b"[", b"rubbish", b"[  info ] x"] {
        assert_eq!(refusal(line), None, "{line:?}");
    }
}

#[test]
fn a_file_is_told_from_another_one_by_its_first_line_and_its_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let lines = |from: u32, to: u32| (from..to).map(|number| format!("line {number}\n")).collect::<String>();
    let write = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Arc::new(File::open(&path).unwrap())
    };
    let file = write(&lines(0, 20_000));
    let mut source = Source::open(&file, Mark::START, &Arc::default()).unwrap();
    let mut marks = Marks::default();
    while source.pass().unwrap() {
        marks.push(source.at);
    }
    marks.thin();
    assert!(still_has(&file, &marks).unwrap());
    assert!(still_has(&write(&lines(0, 30_000)), &marks).unwrap());
    for other in [lines(0, 19_999), lines(1, 30_000), lines(0, 19_998) + &lines(5, 30_000), String::new()] {
        assert!(!still_has(&write(&other), &marks).unwrap());
    }
    let mut source = Source::open(&write(&lines(0, 20_001)), source.at, &Arc::default()).unwrap();
    assert!(matches!(source.lines.next().unwrap(), Next::Line(b"line 20000")));
}
