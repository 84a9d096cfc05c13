//! From what a phone sends to two small squares. What a picture is is told by its content, how large it is before any pixel
//! is allocated, and nothing but pixels comes out: no EXIF, no place, no comment.
//!
//! **Memory.** Reading a picture takes at most three times its pixels at 8 bits (4 bytes each), and `FIXED` beside it,
//! whatever the file says. PNG is read at 8 bits a sample (1 time), WebP takes up to 2.7 times, a progressive JPEG keeps 2
//! bytes for each sample until its last scan (2.75 times with four components). Where a format can ask for more (tables,
//! a picture inside that is larger than its frame says), the decoder is broken off by its `Allowance`.

use std::io::Cursor;

use image::{
    DynamicImage, GenericImageView as _, ImageBuffer, ImageDecoder as _, ImageFormat, RgbImage,
    codecs::{jpeg::JpegEncoder, webp::WebPDecoder},
    imageops::FilterType,
    metadata::Orientation,
};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use crate::kit::{
    problems::{Code, Problem},
    work::{Allowance, Metered},
};

/// The longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 10_000;
/// The most pixels of a picture.
const MOST_PIXELS: u64 = 40_000_000;
/// How often the pixels of a picture, at 4 bytes each, are held at the most.
const TIMES: u64 = 3;
/// What reading takes beside, whatever the picture: tables, a row or two, the squares. In bytes.
const FIXED: u64 = 16 * 1024 * 1024;
/// What a PNG's chunks beside its pixels may have, in bytes. Texts and colour profiles are skipped.
const MOST_OF_A_CHUNK: usize = 4 * 1024 * 1024;
/// The most scans of a progressive JPEG. Ten are usual; each goes through the whole picture.
const MOST_SCANS: usize = 64;
/// How the segments of a JPEG begin of which the decoder sorts all that it knows for each one more.
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// The most of them. Each has up to 64 kB, so that a file as large as permitted has eighty.
const MOST_EXTENDED_XMP: usize = 200;
/// The middle of a picture is first made this small, in pixels a side.
const SMALL: u32 = 768;
const QUALITY: u8 = 82;

/// A picture, and how it is to be turned.
type Decoded = (DynamicImage, Orientation);

/// The picture as JPEG squares of these sizes, the middle of it, the right way up.
///
/// # Errors
/// `unsupported_media_type` for what is no JPEG, PNG or WebP; `picture_too_large` for more pixels than anybody needs;
/// `animated_picture` for one that moves; `unreadable_picture` for what breaks off, contradicts itself, or would take more
/// memory than a picture of its size does.
pub fn squares(bytes: &[u8], sizes: &[u32]) -> Result<Vec<Vec<u8>>, Problem> {
    let (picture, orientation) = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => jpeg(bytes)?,
        Ok(ImageFormat::Png) => png(bytes)?,
        Ok(ImageFormat::WebP) => webp(bytes)?,
        _ => return Err(Problem::new(Code::UnsupportedMediaType).with("expected", "image/jpeg, image/png, image/webp")),
    };
    let mut square = middle(&picture);
    drop(picture);
    square.apply_orientation(orientation);
    sizes.iter().map(|size| encode(&flat(square.resize_exact(*size, *size, FilterType::CatmullRom)))).collect()
}

/// What a picture of this size may take, in bytes, if it may have this size.
fn allowed(width: u32, height: u32) -> Result<u64, Problem> {
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if width > LONGEST_SIDE || height > LONGEST_SIDE || pixels > MOST_PIXELS {
        return Err(Problem::new(Code::PictureTooLarge)
            .with("megapixels", MOST_PIXELS / 1_000_000)
            .with("side", LONGEST_SIDE));
    }
    Ok(pixels.saturating_mul(4 * TIMES).saturating_add(FIXED))
}

/// 16 bits a sample become 8 as each row is read.
fn png(bytes: &[u8]) -> Result<Decoded, Problem> {
    let allowance = Allowance::of(FIXED);
    let input = Metered::new(Cursor::new(bytes), &allowance);
    let mut decoder = png::Decoder::new_with_limits(input, png::Limits { bytes: MOST_OF_A_CHUNK });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let (width, height) = decoder.read_header_info().map(|info| (info.width, info.height)).map_err(unreadable)?;
    allowance.becomes(allowed(width, height)?);
    let mut reader = decoder.read_info().map_err(unreadable)?;
    if reader.info().animation_control.is_some() {
        return Err(Problem::new(Code::AnimatedPicture));
    }
    let orientation = reader.info().exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(incomplete)?];
    let frame = reader.next_frame(&mut pixels).map_err(unreadable)?;
    let picture = match frame.color_type {
        png::ColorType::Grayscale => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        png::ColorType::GrayscaleAlpha => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        png::ColorType::Rgba => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        png::ColorType::Rgb | png::ColorType::Indexed => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
    };
    Ok((picture.ok_or_else(incomplete)?, orientation.unwrap_or(Orientation::NoTransforms)))
}

/// What a JPEG takes follows from its size: at most 2 bytes a sample and 3 a pixel.
fn jpeg(bytes: &[u8]) -> Result<Decoded, Problem> {
    if bytes.windows(EXTENDED_XMP.len()).filter(|part| *part == EXTENDED_XMP).count() > MOST_EXTENDED_XMP {
        return Err(incomplete());
    }
    // The size is looked at below, with an answer of its own; headers take no memory for it.
    let options = DecoderOptions::default().set_max_width(usize::MAX).set_max_height(usize::MAX);
    let options = options.set_strict_mode(false).jpeg_set_max_scans(MOST_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(unreadable)?;
    let info = decoder.info().ok_or_else(incomplete)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    allowed(width, height)?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colours = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(colours));
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or_else(incomplete)?];
    decoder.decode_into(&mut pixels).map_err(unreadable)?;
    let picture = if is_grey {
        ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    Ok((picture.ok_or_else(incomplete)?, orientation.unwrap_or(Orientation::NoTransforms)))
}

fn webp(bytes: &[u8]) -> Result<Decoded, Problem> {
    let allowance = Allowance::of(FIXED);
    let mut decoder = WebPDecoder::new(Metered::new(Cursor::new(bytes), &allowance)).map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    allowance.becomes(allowed(width, height)?);
    if decoder.has_animation() {
        return Err(Problem::new(Code::AnimatedPicture));
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    Ok((DynamicImage::from_decoder(decoder).map_err(unreadable)?, orientation))
}

/// The square in the middle, no larger than is of use.
fn middle(picture: &DynamicImage) -> DynamicImage {
    let (width, height) = picture.dimensions();
    let shortest = width.min(height);
    if shortest <= SMALL {
        return picture.crop_imm((width - shortest) / 2, (height - shortest) / 2, shortest, shortest);
    }
    let reduced = |side: u32| u64::from(side) * u64::from(SMALL) / u64::from(shortest);
    let [width, height] = [width, height].map(|side| u32::try_from(reduced(side)).unwrap_or(SMALL));
    let reduced = picture.thumbnail_exact(width, height);
    reduced.crop_imm((width - SMALL) / 2, (height - SMALL) / 2, SMALL, SMALL)
}

/// What is seen through goes white: JPEG knows no transparency.
fn flat(picture: DynamicImage) -> RgbImage {
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over_white = |value: u8| {
            let (value, alpha) = (u32::from(value), u32::from(alpha));
            u8::try_from((value * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over_white(red), over_white(green), over_white(blue)])
    })
}

fn encode(picture: &RgbImage) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture).map_err(Problem::internal)?;
    Ok(bytes)
}

fn incomplete() -> Problem {
    Problem::new(Code::UnreadablePicture)
}

fn unreadable(error: impl std::error::Error) -> Problem {
    tracing::debug!(%error, "a picture that cannot be read");
    incomplete()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red above, blue below.
    fn two_colours(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, y| {
            image::Rgb(if y < height / 2 { [220, 20, 20] } else { [20, 20, 220] })
        }))
    }

    fn as_format(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A JPEG with an EXIF block that says how it is turned, and a text that must not survive.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend([0x0E, 0x01, 2, 0, 20, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0]);
        tiff.extend(b"PLACE-OF-THIS-PHOTO\0");
        let mut block = b"Exif\0\0".to_vec();
        block.extend(tiff);
        let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xFF, 0xE1], &length, &block, &jpeg[2..]].concat()
    }

    #[test]
    fn each_format_becomes_squares_of_the_sizes_asked_for() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let made = squares(&as_format(&two_colours(640, 480), format), &[96, 384]).unwrap();

            let sizes: Vec<_> = made.iter().map(|bytes| image::load_from_memory(bytes).unwrap().dimensions()).collect();
            assert_eq!(sizes, [(96, 96), (384, 384)], "{format:?}");
            assert!(made.iter().all(|bytes| image::guess_format(bytes).unwrap() == ImageFormat::Jpeg));
        }
    }

    #[test]
    fn a_turned_picture_is_put_upright_and_loses_its_exif() {
        let turned = with_exif(&as_format(&two_colours(200, 200), ImageFormat::Jpeg), 3);
        assert!(turned.windows(19).any(|part| part == b"PLACE-OF-THIS-PHOTO"));

        let made = squares(&turned, &[96]).unwrap().remove(0);

        assert!(!made.windows(4).any(|part| part == b"Exif" || part == b"PLAC"));
        let picture = image::load_from_memory(&made).unwrap().into_rgb8();
        assert!(picture.get_pixel(48, 10).0[2] > 150 && picture.get_pixel(48, 86).0[0] > 150, "upside down");
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        // 30,000 by 30,000 pixels would be 3.6 gigabytes; the header is all there is of it.
        let mut bomb = as_format(&two_colours(1, 1), ImageFormat::Png);
        bomb[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());

        assert_eq!(squares(&bomb, &[96]).unwrap_err().code, Code::PictureTooLarge);
    }

    #[test]
    fn what_is_no_picture_is_refused_whatever_it_calls_itself() {
        assert_eq!(
            squares(b"<svg xmlns='http://www.w3.org/2000/svg'/>", &[96]).unwrap_err().code,
            Code::UnsupportedMediaType
        );
        assert_eq!(squares(b"GIF89a\x01\0\x01\0", &[96]).unwrap_err().code, Code::UnsupportedMediaType);
        assert_eq!(squares(b"", &[96]).unwrap_err().code, Code::UnsupportedMediaType);
        let mut torn = as_format(&two_colours(64, 64), ImageFormat::Png);
        torn.truncate(60);
        assert_eq!(squares(&torn, &[96]).unwrap_err().code, Code::UnreadablePicture);
    }
}
