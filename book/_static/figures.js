// A figure that is wider than a narrow screen scrolls (book.css), by keyboard too: only what has a tab stop can.
"use strict";

function setTabStops() {
  for (const figure of document.querySelectorAll(".cell_output > figure"))
    figure.scrollWidth > figure.clientWidth ? figure.setAttribute("tabindex", 0) : figure.removeAttribute("tabindex");
}

for (const event of ["load", "resize"]) addEventListener(event, setTabStops, true); // of pictures, too: they load late
