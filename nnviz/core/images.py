"""A person's own picture: bytes of a PNG or JPEG to a small grey array, whatever the bytes are.

The size is read from the header and judged before a single pixel is unpacked, so that a small file that claims a huge picture (a
decompression bomb) costs nothing.
"""

from __future__ import annotations

import io

import numpy as np

from nnviz.core.convolution import Array

FORMATS = ("PNG", "JPEG")
MOST_BYTES = 20 * 2**20
MOST_PIXELS = 50_000_000
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"


def decode_image(data: bytes, side: int = 32) -> Array:
    """The picture in grey, at most `side` × `side` with its proportions kept: (h, w) from 0 (black) to 1 (white).

    Transparent pixels lie on white; the orientation that a camera wrote down is followed.

    Raises
    ------
    ValueError
        No bytes or more than 20 MB, neither PNG nor JPEG, a broken or cut file, a picture of more than 50 million pixels.
    """
    if not 1 <= side <= 512:
        raise ValueError(f"side is {str(side)[:40]}: the picture can be shrunk to between 1 and 512 pixels")
    if not data:
        raise ValueError("the image file is empty: choose a PNG or JPEG that holds a picture")
    if len(data) > MOST_BYTES:
        raise ValueError(f"the image file has {len(data) / 2**20:.0f} MB: at most {MOST_BYTES // 2**20} MB can be read; save it smaller")
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise ValueError("the file is neither a PNG nor a JPEG picture, whatever its name says: save it as one of the two")
    grey = _grey(data, side)
    return np.ascontiguousarray(np.clip(grey, 0.0, 1.0))


def _grey(data: bytes, side: int) -> Array:
    from PIL import Image, ImageOps  # only who brings a picture needs it

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise ValueError(_too_large(width, height))
            image.draft("RGB", (side, side))  # a JPEG is unpacked at an eighth of its size where that is enough
            image.load()
            turned = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError:
        raise ValueError(
            f"the picture claims too many pixels to be unpacked: at most {MOST_PIXELS:,} can be read; shrink it first"
        ) from None
    except ValueError as error:
        if "pixels" in str(error):
            raise
        raise ValueError(_broken(error)) from None
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, struct.error, EOFError and more on broken bytes
        raise ValueError(_broken(error)) from None
    scale = min(1.0, side / max(turned.size))
    size = (max(1, round(turned.width * scale)), max(1, round(turned.height * scale)))
    if turned.mode.startswith("I") or turned.mode == "F":  # 16 bits a pixel: Pillow's own conversion would cut, not scale
        return np.asarray(turned.convert("F").resize(size, Image.Resampling.BOX), dtype=float) / 65535.0
    pixels = np.asarray(turned.convert("RGBA").resize(size, Image.Resampling.BOX), dtype=float) / 255.0
    colour, opacity = pixels[..., :3] @ LUMA, pixels[..., 3]
    return colour * opacity + (1.0 - opacity)


def _too_large(width: int, height: int) -> str:
    return f"the picture is {width:,} × {height:,} pixels: at most {MOST_PIXELS:,} can be unpacked; shrink it first"


def _broken(error: Exception) -> str:
    return f"the picture cannot be read, the file is broken or cut short ({str(error)[:120]}): open it in a viewer and save it again"
