"""What all explorers are made of: one piece of HTML with a name of its own, and many images as one PNG."""

from __future__ import annotations

import base64
import hashlib
import io
import json

from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

# Colours are those of the page around. Rules are nested in one for the explorer, and so apply to nothing else.
STYLE = """max-width: 100%; color: inherit;
& [hidden] { display: none !important; }
& .controls { display: grid; grid-template-columns: minmax(5.5rem, max-content) minmax(0, 12rem) minmax(4rem, 1fr); }
& .controls { gap: 0.5rem; align-items: center; margin-bottom: 0.75rem; }
& input, & select { width: 100%; min-height: 1.75rem; font: inherit; }
& select { color: inherit; background: var(--pst-color-background, Canvas); border: 1px solid currentColor; }
& :focus-visible { outline: 2px solid var(--pst-color-primary, Highlight); outline-offset: 2px; }
"""


def widget(*, style: str, body: str, script: str, data: object) -> str:
    """HTML for a cell: `body`, in `style`, moved by `script`, which sees `root` (its element) and `data`.

    `@NAME@` in the body is the name of the element, to begin others with: a hash, so that two on a page keep apart.
    The body is what a reader sees where scripts do not run. Text in it has to be escaped already.
    """
    given = json.dumps(data).replace("<", "\\u003c")  # no end of a script
    name = "explorer-" + hashlib.sha256("".join((style, body, script, given)).encode()).hexdigest()[:12]
    return f"""<div id="{name}" class="explorer">
<style>
#{name} {{ {STYLE}{style} }}
</style>
{body.replace("@NAME@", name)}
<script>
((root, data) => {{
{script}
}})(document.getElementById("{name}"), {given});
</script>
</div>"""


def sheet(images: UInt8[Tensor, "rows across channels height width"]) -> UInt8[Tensor, "channels down wide"]:
    """Images as one, a row under the other; grey ones dark on light."""
    r, n, c, h, w = images.shape
    tiles = images.permute(2, 0, 3, 1, 4).reshape(c, r * h, n * w)
    return 255 - tiles if c == 1 else tiles


def png(image: UInt8[Tensor, "channels height width"]) -> str:
    """An image as the address of a PNG with all its data."""
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).squeeze(-1).numpy()).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
