//! Pictures that mean harm: what a file says of itself costs no memory, and nothing of it is kept.
//!
//! Memory is measured at the real binary, by the peak of its resident pages (`VmHWM`).

use std::io::{Cursor, Seek as _, Write as _};

use actix_web::http::Method;
use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use thidua::{
    db::{Actor, Tx},
    identity::avatars,
    kit::{
        http::{IfMatch, SentFile},
        values::MemberId,
    },
};

use crate::{
    harness::{Answer, Person, TestApp},
    operations::command::{Measured, Place},
};

const MEBIBYTE: u64 = 1024 * 1024;
/// What a picture may take beside three times its pixels: `FIXED` in the code, the upload, and what the process does besides.
const BESIDE: u64 = 32 * MEBIBYTE;
/// Pixels a side of the largest square that is taken.
const LARGEST: u32 = 6_324;

/// A PNG in the making.
struct Png(Vec<u8>);

impl Png {
    fn chunk(mut self, name: &[u8; 4], data: &[u8]) -> Self {
        self.0.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        self.0.extend(name);
        self.0.extend(data);
        let mut sum = Crc::new();
        sum.update(name);
        sum.update(data);
        self.0.extend(sum.sum().to_be_bytes());
        self
    }

    /// Of that size: bits a sample, kind of colour (2 is RGB, 6 with alpha), interlaced or not.
    fn of(width: u32, height: u32, [bits, colour, interlaced]: [u8; 3]) -> Self {
        let mut head = width.to_be_bytes().to_vec();
        head.extend(height.to_be_bytes());
        head.extend([bits, colour, 0, 0, interlaced]);
        Self(b"\x89PNG\r\n\x1a\n".to_vec()).chunk(b"IHDR", &head)
    }

    /// With all its pixels, which are zeros: so many bytes.
    fn black(self, bytes: u64) -> Vec<u8> {
        self.chunk(b"IDAT", &packed_zeros(bytes)).chunk(b"IEND", b"").0
    }
}

fn packed_zeros(mut bytes: u64) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 64 * 1024];
    while bytes > 0 {
        let part = usize::try_from(bytes).unwrap().min(zeros.len());
        packed.write_all(&zeros[..part]).unwrap();
        bytes -= u64::try_from(part).unwrap();
    }
    packed.finish().unwrap()
}

/// How many bytes a PNG unpacks to: a row has a byte for its filter.
fn unpacked(width: u32, height: u32, bytes_a_pixel: u32) -> u64 {
    u64::from(height) * (1 + u64::from(width) * u64::from(bytes_a_pixel))
}

/// The same of one whose rows come in seven passes.
fn unpacked_in_passes(width: u32, height: u32, bytes_a_pixel: u32) -> u64 {
    let passes = [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)];
    let count = |side: u32, from: u32, step: u32| side.saturating_sub(from).div_ceil(step);
    passes.iter().map(|(x, dx, y, dy)| unpacked(count(width, *x, *dx), count(height, *y, *dy), bytes_a_pixel)).sum()
}

/// A JPEG without a colour anywhere, of so many components; progressive or not. Each block is one bit for each of its two
/// kinds of coefficient.
fn grey_jpeg(width: u16, height: u16, components: u8, is_progressive: bool) -> Vec<u8> {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    jpeg.extend([1; 64]);
    jpeg.extend([0xFF, if is_progressive { 0xC2 } else { 0xC0 }, 0, 8 + 3 * components, 8]);
    jpeg.extend(height.to_be_bytes());
    jpeg.extend(width.to_be_bytes());
    jpeg.push(components);
    (1..=components).for_each(|id| jpeg.extend([id, 0x11, 0]));
    for class in [0x00, 0x10] {
        // One code, of one bit, for "nothing more".
        jpeg.extend([0xFF, 0xC4, 0, 20, class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    jpeg.extend([0xFF, 0xDA, 0, 6 + 2 * components, components]);
    (1..=components).for_each(|id| jpeg.extend([id, 0]));
    jpeg.extend(if is_progressive { [0, 0, 0] } else { [0, 63, 0] });
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8)) * usize::from(components);
    let bits = if is_progressive { blocks } else { blocks * 2 };
    jpeg.extend(vec![0; bits.div_ceil(8)]);
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}

/// Bits as WebP writes them, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u128,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u128, count: u32) {
        self.waiting |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(u8::try_from(self.waiting & 0xFF).unwrap());
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// A prefix code is written from its first bit on.
    fn put_code(&mut self, code: u128, count: u32) {
        (0..count).rev().for_each(|place| self.put((code >> place) & 1, 1));
    }
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, data) in chunks {
        body.extend(*name);
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend(data);
        body.extend(vec![0; data.len() % 2]);
    }
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

/// A tree of ten levels over eleven symbols, in 93 bits. A decoder makes a table of 1,024 entries of it.
fn tree() -> (u128, u32) {
    let mut bits = Bits::default();
    bits.put(0, 1);
    bits.put(10, 4);
    // The lengths of the codes for lengths, in the format's order: 17, 18, 0, 1 to 5, 16, 6 to 10.
    for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 3, 4, 4, 4, 4] {
        bits.put(length, 3);
    }
    bits.put(1, 1);
    bits.put(1, 3);
    bits.put(9, 4);
    for length in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10_u128] {
        if length <= 6 { bits.put_code(length - 1, 3) } else { bits.put_code(length + 5, 4) }
    }
    let whole = bits.bytes.iter().rev().fold(bits.waiting, |whole, byte| (whole << 8) | u128::from(*byte));
    (whole, u32::try_from(bits.bytes.len()).unwrap() * 8 + bits.count)
}

/// A picture of 64 by 64 pixels with 65,536 groups of five such trees: 1.3 gigabytes of tables in a file of 3.8 MB.
fn webp_of_trees() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x2F, 8);
    bits.put(63, 14);
    bits.put(63, 14);
    bits.put(0, 4);
    // No transform, no cache of colours, several groups, one for 4 by 4 pixels.
    bits.put(0b100, 3);
    bits.put(0, 3);
    // Which group, for each block: no cache, red and green always 255.
    bits.put(0, 1);
    for symbol in [Some(255), Some(255), None, None, None] {
        match symbol {
            Some(symbol) => bits.put(0b101 | (symbol << 3), 11),
            None => bits.put(0b0001, 4),
        }
    }
    let (tree, length) = tree();
    (0..65_536 * 5).for_each(|_| bits.put(tree, length));
    bits.put(0, 64);
    riff(&[(b"VP8L", bits.bytes)])
}

/// A frame that says ten by ten pixels, and a picture in it of 16,383 a side.
fn webp_larger_inside() -> Vec<u8> {
    let frame = [0, 0, 0, 0, 9, 0, 0, 9, 0, 0];
    let mut inside = vec![0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A];
    inside.extend([0xFF, 0x3F, 0xFF, 0x3F]);
    inside.extend(vec![0; 4_096]);
    riff(&[(b"VP8X", frame.to_vec()), (b"VP8 ", inside)])
}

/// Two frames of nothing, that move.
fn animated_webp() -> Vec<u8> {
    let mut frame = vec![0; 16];
    frame.extend(b"VP8L\x08\0\0\0\x2f\x07\x40\0\0\0\0\0");
    riff(&[
        (b"VP8X", vec![2, 0, 0, 0, 7, 0, 0, 7, 0, 0]),
        (b"ANIM", vec![0; 6]),
        (b"ANMF", frame.clone()),
        (b"ANMF", frame),
    ])
}

fn animated_png() -> Vec<u8> {
    let control = [0, 0, 0, 2, 0, 0, 0, 0];
    Png::of(8, 8, [8, 2, 0]).chunk(b"acTL", &control).black(unpacked(8, 8, 3))
}

fn photo(format: ImageFormat) -> Vec<u8> {
    let picture =
        RgbImage::from_fn(300, 200, |x, y| Rgb([x, y, x * y].map(|value| u8::try_from(value % 251).unwrap())));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn member(app: &TestApp) -> Person {
    app.member_of(&app.unit("Chi bộ 1").await).await
}

async fn put_up(app: &TestApp, member: &Person, bytes: Vec<u8>) -> Answer {
    app.request(Method::PUT, "/v1/me/avatar").caller(member).bytes("image/jpeg", bytes).await
}

fn files_in(app: &TestApp) -> usize {
    std::fs::read_dir(app.files.path().join("media/avatars")).map_or(0, Iterator::count)
}

#[actix_web::test]
async fn a_picture_that_moves_is_refused_in_both_formats() {
    let app = TestApp::start().await;
    let member = member(&app).await;

    for moving in [animated_png(), animated_webp()] {
        put_up(&app, &member, moving).await.is_problem(422, "animated_picture");
    }

    assert_eq!(files_in(&app), 0);
}

#[actix_web::test]
async fn a_picture_of_16_bits_or_in_passes_is_taken() {
    let app = TestApp::start().await;
    let member = member(&app).await;
    let kinds = [
        Png::of(300, 200, [16, 6, 0]).black(unpacked(300, 200, 8)),
        Png::of(300, 200, [16, 2, 1]).black(unpacked_in_passes(300, 200, 6)),
        Png::of(300, 200, [16, 0, 0]).black(unpacked(300, 200, 2)),
        Png::of(300, 200, [16, 4, 1]).black(unpacked_in_passes(300, 200, 4)),
        grey_jpeg(300, 200, 1, true),
        grey_jpeg(300, 200, 3, true),
        grey_jpeg(300, 200, 4, false),
    ];
    for picture in kinds {
        let shown = put_up(&app, &member, picture).await.expect(200);

        let shown = app.get(shown["avatar_url"].as_str().unwrap()).await;
        let shown = image::load_from_memory(&shown.body).unwrap();
        assert_eq!((shown.width(), shown.height()), (384, 384));
    }
}

#[actix_web::test]
async fn a_picture_that_breaks_off_anywhere_is_refused_or_shown_as_far_as_it_goes() {
    let app = TestApp::start().await;
    let member = member(&app).await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = photo(format);
        for part in 1..12 {
            let answer = put_up(&app, &member, whole[..whole.len() * part / 12].to_vec()).await;
            match answer.status {
                200 => assert_eq!(format, ImageFormat::Jpeg),
                415 => assert!(part == 0 || whole.len() * part / 12 < 16),
                _ => assert!(answer.is_problem(422, "unreadable_picture")["title"].is_string()),
            }
        }
    }
}

#[actix_web::test]
async fn what_hangs_on_a_picture_is_gone_from_what_is_shown() {
    let app = TestApp::start().await;
    let member = member(&app).await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let page = [photo(format), b"<script>alert('HANGS-ON')</script>PK\x03\x04".to_vec()].concat();

        let shown = put_up(&app, &member, page).await.expect(200);

        let shown = app.get(shown["avatar_url"].as_str().unwrap()).await;
        assert!(!shown.body.windows(8).any(|part| part == b"HANGS-ON"), "{format:?}");
        assert_eq!(shown.header("content-type"), Some("image/jpeg"));
    }
}

#[actix_web::test]
async fn a_side_that_is_too_long_is_refused_in_each_format() {
    let app = TestApp::start().await;
    let member = member(&app).await;

    for wide in [
        Png::of(60_000, 1, [8, 2, 0]).black(unpacked(60_000, 1, 3)),
        Png::of(1, 60_000, [8, 2, 0]).black(unpacked(1, 60_000, 3)),
        grey_jpeg(60_000, 1, 3, false),
        grey_jpeg(9_000, 9_000, 3, true),
    ] {
        put_up(&app, &member, wide).await.is_problem(422, "picture_too_large");
    }
}

/// A zTXt and an iCCP that each unpack to 64 MiB.
fn png_with_bombs() -> Vec<u8> {
    let bomb = packed_zeros(64 * MEBIBYTE);
    let profile = [b"icc\0\0".as_slice(), &bomb].concat();
    let text = [b"Comment\0\0".as_slice(), &bomb].concat();
    let png = Png::of(8, 8, [8, 2, 0]).chunk(b"iCCP", &profile);
    (0..16).fold(png, |png, _| png.chunk(b"zTXt", &text)).black(unpacked(8, 8, 3))
}

/// Pixels, a hundred times as many as it says.
fn png_with_too_much() -> Vec<u8> {
    Png::of(8, 8, [8, 2, 0]).black(512 * MEBIBYTE)
}

/// Seventy thousand segments of a kind that belongs together.
fn jpeg_of_segments() -> Vec<u8> {
    let mut segment = vec![0xFF, 0xE1, 0, 77];
    segment.extend(b"http://ns.adobe.com/xmp/extension/\0");
    segment.extend([b'0'; 32]);
    segment.extend([0, 1, 0, 0]);
    let rest = grey_jpeg(64, 64, 3, false);
    let segments = (0..65_000_u32).flat_map(|place| [segment.as_slice(), &place.to_be_bytes()].concat());
    rest[..2].iter().copied().chain(segments).chain(rest[2..].iter().copied()).collect()
}

#[actix_web::test]
async fn the_memory_of_an_upload_is_at_most_three_times_its_pixels() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "root", "--role", "admin"]);
    let server = Measured::start(&place, "root");
    let idle = server.peak();
    let side = u64::from(LARGEST);
    let jpeg_side = u16::try_from(LARGEST).unwrap();
    let large = DynamicImage::new_rgb8(4_000, 4_000);
    let mut webp = Cursor::new(Vec::new());
    large.write_to(&mut webp, ImageFormat::WebP).unwrap();
    let pictures: [(&str, Vec<u8>, u64, u16); 13] = [
        ("PNG with bombs beside its pixels", png_with_bombs(), 64, 200),
        ("PNG with more than it says", png_with_too_much(), 64, 200),
        ("JPEG of segments", jpeg_of_segments(), 64 * 64, 422),
        ("WebP of trees", webp_of_trees(), 64 * 64, 422),
        ("WebP that is larger inside", webp_larger_inside(), 100, 422),
        ("WebP, lossless", webp.into_inner(), 4_000 * 4_000, 200),
        ("JPEG", grey_jpeg(jpeg_side, jpeg_side, 3, false), side * side, 200),
        ("JPEG, progressive", grey_jpeg(jpeg_side, jpeg_side, 3, true), side * side, 200),
        ("JPEG, progressive, four components", grey_jpeg(jpeg_side, jpeg_side, 4, true), side * side, 200),
        ("PNG", Png::of(LARGEST, LARGEST, [8, 2, 0]).black(unpacked(LARGEST, LARGEST, 3)), side * side, 200),
        ("PNG, 16 bits", Png::of(LARGEST, LARGEST, [16, 6, 0]).black(unpacked(LARGEST, LARGEST, 8)), side * side, 200),
        (
            "PNG, 16 bits, in passes",
            Png::of(LARGEST, LARGEST, [16, 6, 1]).black(unpacked_in_passes(LARGEST, LARGEST, 8)),
            side * side,
            200,
        ),
        ("PNG, too large", Png::of(LARGEST, LARGEST + 3, [16, 6, 0]).black(64), 64, 422),
    ];

    for (name, bytes, pixels, expected) in pictures {
        assert!(bytes.len() < 5 * 1024 * 1024, "{name} has {} bytes", bytes.len());
        server.forget_peak();

        let (status, answer) = server.send(Method::PUT, "/v1/me/avatar", "image/png", bytes).await;

        let taken = server.peak().saturating_sub(idle);
        let allowed = pixels * 4 * 3 + BESIDE;
        eprintln!("{name}: {} MiB of {} MiB", taken / MEBIBYTE, allowed / MEBIBYTE);
        assert_eq!(status, expected, "{name}: {answer}");
        assert!(taken <= allowed, "{name} took {taken} bytes of {allowed}");
    }
}

async fn sent(bytes: &[u8], app: &TestApp) -> SentFile {
    let mut content = app.app.files.temporary().await.unwrap();
    content.write_all(bytes).unwrap();
    content.rewind().unwrap();
    SentFile { name: String::new(), content, size: 0, hash: String::new() }
}

/// Step by step, what happens when somebody takes down a picture while somebody else puts the same one up.
#[actix_web::test]
async fn a_picture_that_is_put_up_while_another_member_takes_the_same_one_down_stays() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_of(&unit).await, app.member_of(&unit).await);
    let shown = put_up(&app, &one, photo(ImageFormat::Png)).await.expect(200);

    let kept = avatars::keep(&app.app, sent(&photo(ImageFormat::Png), &app).await).await.unwrap();
    app.delete("/v1/me/avatar").caller(&one).await.expect(204);
    assert_eq!(files_in(&app), 0);
    let id = MemberId(two.id.parse().unwrap());
    let put_up = async |tx: &Tx| avatars::put_up(&app.app, tx, id, &kept, &IfMatch::none()).await;
    app.app.change_as(Actor::system(), put_up).await.unwrap();

    assert_eq!(app.get(shown["avatar_url"].as_str().unwrap()).await.status, 200);
    app.delete("/v1/me").caller(&two).await.expect(204);
    assert_eq!(files_in(&app), 0);
}

#[actix_web::test]
async fn members_who_change_the_same_picture_at_once_keep_what_they_have() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_of(&unit).await, app.member_of(&unit).await);
    for round in 0..12 {
        let first = put_up(&app, &one, photo(ImageFormat::Png)).await.expect(200);
        let take_down = async {
            for _ in 0..round * 3 {
                tokio::task::yield_now().await;
            }
            app.delete("/v1/me/avatar").caller(&one).await
        };

        let (taken, put) = tokio::join!(take_down, put_up(&app, &two, photo(ImageFormat::Png)));

        taken.expect(204);
        assert_eq!(put.expect(200)["avatar_url"], first["avatar_url"]);
        assert_eq!(app.get(first["avatar_url"].as_str().unwrap()).await.status, 200, "{round}");
        app.delete("/v1/me/avatar").caller(&two).await.expect(204);
        assert_eq!(files_in(&app), 0, "{round}");
    }
}

#[actix_web::test]
async fn whoever_shares_a_picture_with_somebody_erased_at_the_same_moment_leaves_no_file() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    for _ in 0..4 {
        let (one, two) = (app.member_of(&unit).await, app.member_of(&unit).await);
        put_up(&app, &one, photo(ImageFormat::Png)).await.expect(200);
        put_up(&app, &two, photo(ImageFormat::Png)).await.expect(200);

        let erase = |member: &Person| app.delete("/v1/me").caller(member).into_future();
        let (first, second) = tokio::join!(erase(&one), erase(&two));

        first.expect(204);
        second.expect(204);
        assert_eq!(files_in(&app), 0);
    }
}
