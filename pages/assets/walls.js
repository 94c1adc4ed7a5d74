// The element that shows a wall as its screen would: a page of 1920 by 1080, made smaller to fit; and the button that copies its address.

const WIDTH = 1920, HEIGHT = 1080;
const REST = 400; // milliseconds without a change, before another draft is loaded

export function preview({ data, parentElement }) {
  const host = parentElement.querySelector(".bm-wall");
  if (!host.isConnected) return; // put away meanwhile
  let frame = host.querySelector("iframe");
  if (!frame) {
    frame = document.createElement("iframe");
    Object.assign(frame, { width: WIDTH, height: HEIGHT, tabIndex: -1, src: data.source });
    frame.dataset.source = data.source;
    host.replaceChildren(frame);
    new ResizeObserver(() => { frame.style.transform = "scale(" + host.clientWidth / WIDTH + ")"; }).observe(host);
  }
  frame.title = data.title;
  if (frame.dataset.source === data.source) return;
  frame.dataset.source = data.source;
  setTimeout(() => { if (frame.isConnected && frame.dataset.source === data.source) frame.src = data.source; }, REST);
}

// An address that a screen shall open, with this console's name before it.
function complete() {
  for (const one of document.querySelectorAll("code[data-path]")) {
    const whole = location.origin + one.dataset.path;
    if (one.textContent !== whole) one.textContent = whole;
  }
}
complete();
new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });

addEventListener("click", ({ target }) => {
  const button = target.closest && target.closest("button[data-copy]");
  const address = button && button.parentElement.querySelector("code[data-path]");
  if (!address) return;
  const said = button.textContent;
  const done = () => {
    button.textContent = button.dataset.copy;
    setTimeout(() => { button.textContent = said; }, 1500);
  };
  if (navigator.clipboard) navigator.clipboard.writeText(address.textContent).then(done, () => {});
  else { // over http a browser has no clipboard for pages, and copies what is chosen
    getSelection().selectAllChildren(address);
    if (document.execCommand("copy")) done();
  }
});
