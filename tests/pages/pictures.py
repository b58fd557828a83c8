"""Pictures of the pages: they are taken by tests, and so show what there is.

Those of the documentation are in `docs/pictures`; those of states that it does not show are beside
the tests, for whoever changes a page to look at.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.markdown import DOCS

FOLDER = DOCS / "pictures"
OF_STATES = Path(__file__).parent / "states"
SIZES = {"desk": (1280, 800), "phone": (390, 780)}
COLOURS = {"light": False, "dark": True}

# What is another in each run.
_FREEZE = """(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    if (node.parentElement.closest('time')) node.data = 'Nov 26, 2026, 9:30 AM';
    else node.data = node.data.replace(/127\\.0\\.0\\.1:\\d+/g, '127.0.0.1:30655');
  }
  document.activeElement?.blur();
})()"""

# Letters look a little different where fonts are others; what counts is what stands where.
_DIFFERENCE = """(async (before, after) => {
  const pixels = async source => {
    // A blob, as the page's policy lets no data: be an image.
    const bytes = Uint8Array.from(atob(source), letter => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    return [image.width, image.height, data];
  };
  const [[width, height, one], [otherWidth, otherHeight, other]] =
    [await pixels(before), await pixels(after)];
  if (width !== otherWidth || height !== otherHeight) return 1;
  let different = 0;
  for (let at = 0; at < one.length; at += 4)
    if (Math.abs(one[at] - other[at]) + Math.abs(one[at + 1] - other[at + 1]) > 60) different += 1;
  return different / (width * height);
})"""
MOST_DIFFERENCE = 0.02


def take(page: BrowserPage, name: str) -> list[str]:
    """Take what is shown at each size in each colour; gives the pictures that were stale."""
    looks = [(size, colour) for size in SIZES for colour in COLOURS]
    return _taken(page, FOLDER, name, looks)


def take_state(page: BrowserPage, name: str) -> list[str]:
    """Take a state, once at each size and once in each colour."""
    return _taken(page, OF_STATES, name, [*zip(SIZES, COLOURS, strict=True)])


def _taken(
    page: BrowserPage, folder: Path, name: str, looks: Iterable[tuple[str, str]]
) -> list[str]:
    folder.mkdir(exist_ok=True)
    page.browser.run(_FREEZE)
    stale = []
    for size, colour in looks:
        width, height = SIZES[size]
        file = folder / f"{name}-{size}-{colour}.png"
        page.browser.look(width, height=height, dark=COLOURS[colour])
        fresh = page.browser.picture()
        if not file.exists() or _differ(page.browser, file.read_bytes(), fresh):
            file.write_bytes(fresh)
            stale.append(file.name)
    return stale


def _differ(browser: Browser, before: bytes, after: bytes) -> bool:
    pair = ", ".join(json.dumps(base64.b64encode(one).decode()) for one in (before, after))
    different: Any = browser.run(f"{_DIFFERENCE}({pair})")
    return bool(different > MOST_DIFFERENCE)


def pictures_on(page: Path) -> set[str]:
    """The names of the pictures that a page of the documentation shows."""
    text = page.read_text()
    return {file.name for file in FOLDER.glob("*.png") if f"pictures/{file.name}" in text}
