// A figure that is wider than a narrow screen scrolls (book.css), by keyboard too: only what has a tab stop can.
"use strict";

function setTabStops() {
  for (const figure of document.querySelectorAll(".cell_output > figure"))
    figure.tabIndex = figure.scrollWidth > figure.clientWidth ? 0 : -1;
}

for (const event of ["load", "resize"]) addEventListener(event, setTabStops, true); // of pictures, too: they load late
