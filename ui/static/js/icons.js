// Signs for buttons, drawn here: fonts of visitors' machines do not have all of them.

const PATHS = {
  play: "M5 3l9 5-9 5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  start: "M3 3h2v10H3zM13 3v10L6 8z",
  back: "M8 3v10L2 8zM14 3v10L8 8z",
  forward: "M2 3l6 5-6 5zM8 3l6 5-6 5z",
  loop: "M3 9V6a2 2 0 0 1 2-2h5V1.800L14 5l-4 3.200V6H5v3zM13 7v3a2 2 0 0 1-2 2H6v2.200L2 11l4-3.200V10h5V7z",
  undo: "M7 3L2 7l5 4V8.500c3 0 5 .5 6.500 3C13 8 11 5.500 7 5.500z",
  redo: "M9 3l5 4-5 4V8.500c-3 0-5 .5-6.500 3C3 8 5 5.500 9 5.500z",
  plus: "M7 3h2v4h4v2H9v4H7V9H3V7h4z",
  minus: "M3 7h10v2H3z",
  all: "M1 8l3.500-3.500V7h7V4.500L15 8l-3.500 3.500V9h-7v2.500z",
  down: "M3 5h10l-5 7z",
  right: "M5 3v10l7-5z",
  theme: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2v10A5 5 0 0 1 8 3z",
};
const SVG = "http://www.w3.org/2000/svg";

/** An <svg> of 16 by 16 in the text's colour; hidden from screen readers, whose name is the button's label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("ap-icon");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
