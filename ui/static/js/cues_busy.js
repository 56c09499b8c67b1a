// A button that renders something: it shows that it is at work, and cannot be pressed twice.

export const busily = run => async event => {
  const pressed = event.currentTarget;
  pressed.disabled = true;
  pressed.setAttribute("aria-busy", "true");
  try {
    await run();
  } finally {
    pressed.disabled = false;
    pressed.removeAttribute("aria-busy");
  }
};
