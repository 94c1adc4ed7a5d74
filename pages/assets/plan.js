// The walks of a plan as lists: a site is dragged to another place, or moved by its buttons; Python times the walks anew. Names come as text and are put in as text.

const RUN = "application/x-battlemap-visit";

export function board({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".bm-routes");
  const words = data.words;
  const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  let count = 0;
  const move = (one, span, place) => setTriggerValue("moved", { one, span, place, time: Date.now() + ++count });
  host.replaceChildren(...data.walks.map(walk));
  if (focused) (host.querySelector(`[data-key="${focused}"]`) || host).focus({ preventScroll: true });

  function walk(one) {
    const head = make("h3", {}, [one.mark && one.stops.length ? alone(one) : make("i", { className: "bm-route-mark", textContent: one.mark }), make("span", { textContent: one.title }), make("small", { textContent: one.about })]);
    const box = make("section", { className: "bm-route" }, [head]);
    box.setAttribute("aria-label", one.title);
    const list = make("ol", {}, one.stops.map((stop, place) => line(one, stop, place)));
    if (!one.stops.length) list.append(make("li", { className: "bm-route-empty", textContent: words.empty }));
    box.append(list);
    if (!data.still) {
      box.addEventListener("dragover", (event) => {
        if (!event.dataTransfer.types.includes(RUN)) return;
        event.preventDefault();
        box.classList.add("bm-route-over");
      });
      box.addEventListener("dragleave", () => box.classList.remove("bm-route-over"));
      box.addEventListener("drop", (event) => {
        event.preventDefault();
        box.classList.remove("bm-route-over");
        const taken = Number(event.dataTransfer.getData(RUN));
        const rows = [...list.querySelectorAll("[data-one]")].filter((row) => Number(row.dataset.one) !== taken);
        const below = rows.findIndex((row) => { const at = row.getBoundingClientRect(); return event.clientY < at.top + at.height / 2; });
        move(taken, one.span, event.target.closest("[data-one]") ? (below < 0 ? rows.length : below) : null);
      });
    }
    return box;
  }

  // Its number is a button: the map shows that walk alone, and all of them when it is pressed again.
  function alone(one) {
    const made = make("button", { type: "button", className: "bm-route-mark", textContent: one.mark, title: words.alone });
    made.dataset.key = "walk" + one.mark;
    made.setAttribute("aria-label", words.alone + " " + one.mark);
    made.setAttribute("aria-pressed", String(host.dataset.alone === one.mark));
    made.onclick = () => {
      const frame = document.querySelector(".st-key-plan_map iframe");
      if (!frame) return;
      host.dataset.alone = host.dataset.alone === one.mark ? "" : one.mark;
      host.querySelectorAll("button.bm-route-mark").forEach((other) => other.setAttribute("aria-pressed", String(host.dataset.alone === other.textContent)));
      frame.contentWindow.postMessage({ source: "battlemap", type: "walk", mark: host.dataset.alone }, location.origin);
      frame.scrollIntoView({ block: "nearest" });
    };
    return made;
  }

  function line(one, stop, place) {
    const row = make("li", { className: stop.one === data.last ? "bm-leg bm-leg-last" : "bm-leg" }, [
      make("b", { textContent: one.span === null ? "" : one.mark + "-" + (place + 1) }),
      make("time", { textContent: stop.begins }),
      make("span", { className: "bm-leg-name" }, [make("span", { textContent: stop.name }), make("small", { textContent: stop.about })]),
    ]);
    if (data.still) return row;
    Object.assign(row.dataset, { one: stop.one });
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData(RUN, String(stop.one));
      event.dataTransfer.effectAllowed = "move";
    });
    const buttons = make("span", { className: "bm-leg-moves" });
    if (one.span !== null) {
      buttons.append(button("↑", words.up, "up" + stop.one, place > 0, () => move(stop.one, one.span, place - 1)));
      buttons.append(button("↓", words.down, "down" + stop.one, place < one.stops.length - 1, () => move(stop.one, one.span, place + 1)));
    }
    buttons.append(choose(one, stop));
    row.append(buttons);
    return row;

    function button(sign, said, key, on, press) {
      const made = make("button", { type: "button", textContent: sign, title: said, disabled: !on, onclick: press });
      made.setAttribute("aria-label", said + " " + stop.name);
      made.dataset.key = key;
      return made;
    }
  }

  function choose(one, stop) {
    const made = make("select", {}, [make("option", { value: "", textContent: words.move })]);
    made.setAttribute("aria-label", words.move + " " + stop.name);
    made.dataset.key = "to" + stop.one;
    for (const other of data.walks) if (other.span !== one.span) made.append(make("option", { value: other.span === null ? "out" : String(other.span), textContent: other.span === null ? words.out : other.mark + " " + other.title }));
    made.onchange = () => made.value && move(stop.one, made.value === "out" ? null : Number(made.value), null);
    return made;
  }
}

function make(name, said, children = []) {
  const made = Object.assign(document.createElement(name), said);
  made.append(...children);
  return made;
}
