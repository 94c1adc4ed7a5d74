// What all screens of the field pages use: words, elements, times, distances, messages, photos. ES2018, no build step.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("field-data").textContent);
  const f = (window.field = { data, area: data.area, language: data.language });

  const t = (key, values) => fill(f.data.words[f.language][key] || key, values);
  const fill = (text, values) => (values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole)) : text);
  const named = (thing) => (f.language === "en" && thing.name_en ? thing.name_en : thing.name) || "";

  // An element; text is always text, never markup.
  function make(tag, attributes, children) {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => {
      const value = attributes[name];
      if (name.slice(0, 2) === "on") element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    });
    append(element, children);
    return element;
  }
  function append(element, children) {
    [].concat(children === undefined ? [] : children).forEach((child) => {
      if (Array.isArray(child)) append(element, child);
      else if (child !== null && child !== undefined && child !== false) element.append(child);
    });
  }
  function put(element, children) {
    element.textContent = "";
    append(element, children);
    return element;
  }

  // Draw a screen anew where it differs from what stands there; the finger and the reader stay where they are.
  function render(main, children) {
    const next = make("div", {}, children);
    if (main.firstChild && main.firstChild.isEqualNode(next)) return;
    const active = document.activeElement;
    const held = main.contains(active) && active.closest("[data-number],[data-key]");
    const name = held ? (held.dataset.number ? '[data-number="' + held.dataset.number : '[data-key="' + held.dataset.key) + '"] ' + active.tagName : main.contains(active) && active.id ? "#" + active.id : "";
    put(main, next);
    const again = name && main.querySelector(name);
    if (again) again.focus({ preventScroll: true });
  }

  const ICONS = {
    list: "M4 6h2M9 6h11M4 12h2M9 12h11M4 18h2M9 18h11",
    map: "M9 4 3 6v14l6-2 6 2 6-2V4l-6 2-6-2zM9 4v14M15 6v14",
    add: "M12 4v16M4 12h16",
    box: "M12 3v11M7.5 9.5 12 14l4.5-4.5M4 14v6h16v-6",
    send: "M12 15V4M7.5 8.5 12 4l4.5 4.5M4 14v6h16v-6",
    me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-5.5 8-5.5s7 1.500 8 5.500",
    again: "M20 11a8 8 0 1 0-2.300 6.300M20 4v7h-7",
    back: "M15 5l-7 7 7 7",
    camera: "M4 8h3.500L9 5.500h6L16.500 8H20v11H4zM12 17a3.600 3.600 0 1 0 0-7.200 3.600 3.600 0 0 0 0 7.200z",
    place: "M12 21s-6.500-6-6.500-11a6.500 6.500 0 0 1 13 0c0 5-6.500 11-6.500 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
    aim: "M12 3v4M12 17v4M3 12h4M17 12h4M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
    large: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
    close: "M6 6l12 12M18 6 6 18",
    photos: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
    help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 8v5M12 16v.500",
    wait: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
    done: "M5 12.500l4.500 4.500L19 7.500",
    go: "M9 5l7 7-7 7",
    order: "M6 4h12v16H6zM9 9h6M9 13h6M9 17h3",
    visit: "M6 21V4h9v17M3 21h18M12 12.500v.500M15 8h3v13",
    bell: "M6 17V11a6 6 0 0 1 12 0v6l1.500 1.500h-15zM10 21h4M12 3v2",
    inspect: "M6 4h12v16H6zM9 3h6v3H9zM9 12l2 2 4-4.500",
    print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    alarm: "M12 3 2.500 20h19zM12 10v4.500M12 17.500v.100",
  };
  function drawing(box, paths, name) {
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", box);
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    paths.forEach((attributes) => {
      const path = document.createElementNS(ns, "path");
      Object.keys(attributes).forEach((key) => path.setAttribute(key, attributes[key]));
      svg.append(path);
    });
    return svg;
  }
  const icon = (name) => drawing("0 0 24 24", [{ d: ICONS[name] }], "icon");
  function mark(name) {
    if (!data.marks[name]) return drawing("-12 -12 24 24", [{ d: "M-9 -9H9V9H-9z" }], "mark none");
    const paths = [{ d: data.marks[name], class: "shape" }];
    if (name === "green") paths.push({ d: data.tick, class: "tick" });
    return drawing("-12 -12 24 24", paths, "mark " + name);
  }

  // ---- times, by the server's clock
  const MINUTE = 60000;
  f.offset = 0; // milliseconds that the server's clock is before the phone's
  const now = () => Date.now() + f.offset;
  function span(length) {
    const minutes = Math.max(1, Math.floor(length / MINUTE));
    if (minutes < 60) return t("span_minutes", { n: minutes });
    if (minutes < 180 && minutes % 60) return t("span_hours_minutes", { h: Math.floor(minutes / 60), m: minutes % 60 });
    if (minutes < 2880) return t("span_hours", { n: Math.floor(minutes / 60) });
    return t("span_days", { n: Math.floor(minutes / 1440) });
  }
  function left(due) { // how long until then, or since, in words; and how bad it is
    if (!due) return { text: t("no_limit"), level: "none" };
    const rest = Date.parse(due) - now();
    if (rest < 0) return { text: t("over", { span: span(-rest) }), level: "late" };
    return { text: t("left", { span: span(rest) }), level: rest < 4 * 60 * MINUTE ? "soon" : "calm" };
  }
  function ago(time, clock) {
    const since = (clock || Date.now()) - time;
    return since < MINUTE ? t("just_now") : t("ago", { span: span(since) });
  }
  const inZone = (options) => new Intl.DateTimeFormat("sv-SE", Object.assign({ timeZone: data.timezone }, options));
  const once = (make) => { let made = null; return () => (made = made || make()); };
  const DATE = once(() => inZone({ year: "numeric", month: "2-digit", day: "2-digit" }));
  const CLOCK = once(() => inZone({ hour: "2-digit", minute: "2-digit" }));
  const dateOf = (time) => DATE().format(new Date(time));
  const short = (date) => (date.slice(0, 4) === dateOf(now()).slice(0, 4) ? date.slice(5) : date);
  const days = (date) => Math.round((Date.parse(date) - Date.parse(dateOf(now()))) / 86400000); // from today to a day
  const day = (date) => (days(date) === 0 ? t("day_today") : days(date) === 1 ? t("day_tomorrow") : short(date));
  function when(time) { // the hour today, else with the day, in the area's zone
    const clock = CLOCK().format(new Date(time));
    const date = dateOf(time);
    return date === dateOf(now()) ? t("today", { clock }) : short(date) + " " + clock;
  }
  const stamp = (time) => short(dateOf(time)) + " " + CLOCK().format(new Date(time)); // for words that stay: tomorrow "today" is another day
  function period(since, until) { // the day once, where both are of one
    const [one, other] = [since, until].map((time) => day(dateOf(time)) + " " + CLOCK().format(new Date(time)));
    return one.slice(0, -5) === other.slice(0, -5) ? one + "–" + other.slice(-5) : one + " – " + other;
  }
  const listed = (texts) => texts.filter(Boolean).join(f.language === "zh" ? "、" : ", ");

  // ---- where the phone is: known to this page alone
  const WINDS = ["north", "north_east", "east", "south_east", "south", "south_west", "west", "north_west"];
  function between(from, to) { // metres and direction
    const rad = Math.PI / 180;
    const x = (to.lon - from.lon) * rad * Math.cos(((from.lat + to.lat) / 2) * rad);
    const y = (to.lat - from.lat) * rad;
    return { metres: Math.hypot(x, y) * 6371008.8, wind: WINDS[Math.round((((Math.atan2(x, y) / rad) + 360) % 360) / 45) % 8] };
  }
  function away(thing) {
    if (!f.here || typeof thing.lon !== "number") return "";
    const found = between(f.here, thing);
    if (found.metres < 25) return t("right_here");
    const distance = found.metres < 1000 ? t("metres", { n: Math.round(found.metres / 10) * 10 }) : t("kilometres", { n: (found.metres / 1000).toFixed(1) });
    return t("away", { wind: t(found.wind), distance });
  }

  // ---- what is said in passing, and what is asked before something goes
  let fading = null;
  function say(text, bad) {
    const place = document.getElementById("said");
    clearTimeout(fading);
    put(place, text).className = bad ? "said bad" : "said";
    fading = setTimeout(() => { place.className = "said gone"; }, bad ? 9000 : 4500);
  }
  function ask(question, detail, yes, danger) {
    return new Promise((answered) => {
      const before = document.activeElement;
      const dialog = make("dialog", { "aria-labelledby": "asked" });
      const end = (value) => {
        dialog.remove();
        if (before && before.focus) before.focus();
        answered(value);
      };
      append(dialog, [
        make("h2", { id: "asked" }, question),
        detail && make("p", {}, detail),
        make("div", { class: "row" }, [
          make("button", { type: "button", class: "plain", onclick: () => end(false) }, t("cancel")),
          make("button", { type: "button", class: danger ? "danger" : "main", onclick: () => end(true) }, yes),
        ]),
      ]);
      dialog.addEventListener("cancel", () => end(false));
      document.body.append(dialog);
      if (dialog.showModal) dialog.showModal();
      else dialog.setAttribute("open", "");
    });
  }

  // ---- photos: made small on the phone, which also takes out where they were made
  const LONGEST = 2048; // pixels
  const SMALL = 240;
  async function readPicture(file) {
    if (window.createImageBitmap) {
      try {
        return await createImageBitmap(file, { imageOrientation: "from-image" });
      } catch (error) { /* an older browser, or a format that it knows as an image only */ }
    }
    const url = URL.createObjectURL(file);
    try {
      const image = new Image();
      await new Promise((done, failed) => {
        image.onload = done;
        image.onerror = failed;
        image.src = url;
      });
      return image;
    } finally {
      URL.revokeObjectURL(url);
    }
  }
  function drawn(picture, longest) {
    const share = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = make("canvas", { width: Math.max(1, Math.round(picture.width * share)), height: Math.max(1, Math.round(picture.height * share)) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  async function photo(file) { // what is kept of a picture; raises where it is none
    const picture = await readPicture(file);
    if (!picture.width) throw new Error("no picture");
    const blob = await new Promise((done) => drawn(picture, LONGEST).toBlob(done, "image/jpeg", 0.82));
    if (!blob) throw new Error("no picture");
    const buffer = await new Response(blob).arrayBuffer();
    return { key: await fieldStore.sha256(buffer), data: buffer, small: drawn(picture, SMALL).toDataURL("image/jpeg", 0.7), sent: false };
  }

  Object.assign(f, { t, named, make, put, append, render, icon, mark, now, span, left, ago, when, stamp, days, day, dateOf, period, listed, between, away, say, ask, photo });
})();
