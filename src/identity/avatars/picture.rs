//! From what a phone sends to two small squares: what it is is told by its content, how large it is before any pixel is
//! allocated, and nothing but pixels comes out: no EXIF, no place, no comment.

use std::io::Cursor;

use image::{
    DynamicImage, GenericImageView as _, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};

use crate::kit::{codes::Code, problem::Problem};

/// The longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 10_000;
/// The most pixels of a picture: 4 bytes each while it is decoded.
const MOST_PIXELS: u64 = 40_000_000;
/// What a decoder may allocate beside the picture itself, in bytes.
const MOST_MEMORY: u64 = 320 * 1024 * 1024;
const QUALITY: u8 = 82;

/// The picture as JPEG squares of these sizes, the middle of it, the right way up.
///
/// # Errors
/// `unsupported_media_type` for what is no JPEG, PNG or WebP; `picture_too_large` for more pixels than anybody needs;
/// `unreadable_picture` for what breaks off or contradicts itself.
pub fn squares(bytes: &[u8], sizes: &[u32]) -> Result<Vec<Vec<u8>>, Problem> {
    let picture = decode(bytes)?;
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let square = picture.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    sizes.iter().map(|size| encode(&flat(square.resize_exact(*size, *size, FilterType::CatmullRom)))).collect()
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, Problem> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(unreadable);
    let format = reader()?.format();
    if !matches!(format, Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(Problem::new(Code::UnsupportedMediaType).with("expected", "image/jpeg, image/png, image/webp"));
    }
    let (width, height) = reader()?.into_dimensions().map_err(unreadable)?;
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if width > LONGEST_SIDE || height > LONGEST_SIDE || pixels > MOST_PIXELS {
        return Err(Problem::new(Code::PictureTooLarge)
            .with("megapixels", MOST_PIXELS / 1_000_000)
            .with("side", LONGEST_SIDE));
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// What is seen through goes white: JPEG knows no transparency.
fn flat(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
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

fn unreadable(error: impl std::error::Error) -> Problem {
    tracing::debug!(%error, "a picture that cannot be read");
    Problem::new(Code::UnreadablePicture)
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
