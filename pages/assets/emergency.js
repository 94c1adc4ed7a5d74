// On a phone: the last copy of a card is kept by a worker and says how old it is; what is done without a network is kept here with its time, and logged once when there is one.
(function () {
  "use strict";
  const body = document.body.dataset;
  const BOX = "battlemap.emergency";
  const band = document.getElementById("copy");
  const kept = Number(document.documentElement.dataset.copy) || 0; // set by the worker, in the phone's own time

  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/emergency/sw.js?assets=" + encodeURIComponent(body.assets)).then((worker) => {
    const keep = () => navigator.serviceWorker.ready.then((ready) => ready.active.postMessage({ type: "keep-card", urls: Array.from(document.querySelectorAll(".classes a")).map((link) => link.href) }));
    if (!kept) keep();
    return worker;
  }).catch(() => {}); // plain http, a private window: the card needs a network then

  function age(ms) {
    const minutes = Math.max(1, Math.round(ms / 60000));
    if (minutes < 60) return body.minutes.replace("{n}", minutes);
    return minutes < 2880 ? body.hours.replace("{n}", Math.floor(minutes / 60)) : body.days.replace("{n}", Math.floor(minutes / 1440));
  }
  function tell() {
    if (!kept || !band) return;
    band.hidden = false;
    band.textContent = body.copy.replace("{age}", age(Date.now() - kept));
  }
  tell();
  setInterval(tell, 30000);

  // ---- what waits
  const read = () => { try { return JSON.parse(localStorage.getItem(BOX)) || []; } catch (error) { return []; } };
  const write = (items) => { try { localStorage.setItem(BOX, JSON.stringify(items)); return true; } catch (error) { return false; } };
  const drop = (item) => write(read().filter((one) => one.fields.key !== item.fields.key));
  const here = () => location.pathname;
  const mine = (item) => item.account === body.account;

  function show() {
    read().filter((item) => mine(item) && item.path === here()).forEach((item) => {
      const row = document.querySelector('[data-step="' + item.fields.step + '"]');
      if (!row || row.querySelector(".queued")) return;
      const line = document.createElement("p");
      line.className = "queued";
      line.textContent = new Date(item.at).toTimeString().slice(0, 5) + " " + (item.refused ? body.refused : body.queued);
      if (item.refused) {
        const seen = document.createElement("button");
        seen.className = "quiet";
        seen.textContent = body.seen;
        seen.addEventListener("click", () => { drop(item); line.remove(); });
        line.append(" ", seen);
      }
      row.firstElementChild.append(line);
    });
    read().filter((item) => mine(item) && item.path !== here()).forEach((item) => { // what was done at another building waits for its card
      const bar = document.getElementById("elsewhere");
      if (!bar || Array.from(bar.querySelectorAll("a")).some((link) => link.pathname === item.path)) return;
      const link = document.createElement("a");
      link.href = item.action;
      link.textContent = item.title || item.path;
      bar.append(" ", link);
      bar.hidden = false;
    });
  }

  function send(item, token) {
    const fields = Object.assign({}, item.fields, { form: token, ago: String(Math.max(0, Math.round((Date.now() - item.at) / 1000))) });
    const patience = new AbortController();
    setTimeout(() => patience.abort(), 8000); // a network that carries nothing does not say so
    return fetch(item.action, { method: "POST", credentials: "same-origin", redirect: "manual", body: new URLSearchParams(fields), signal: patience.signal });
  }

  function renewed() { // the session or the page is over: loaded again, it leads to the log-in, or has another token
    const last = Number(sessionStorage.getItem(BOX)) || 0;
    if (Date.now() - last < 60000) return;
    sessionStorage.setItem(BOX, String(Date.now()));
    location.reload();
  }

  async function later() { // with the token of a page that came just now
    const token = document.querySelector("input[name=form]");
    if (kept || !token) return;
    let done = 0;
    for (const item of read().filter((one) => mine(one) && one.path === here() && !one.refused)) {
      try {
        const answer = await send(item, token.value);
        if (answer.status === 401 || answer.status === 403) return renewed();
        if (answer.status === 422) write(read().map((one) => (one.fields.key === item.fields.key ? Object.assign(one, { refused: true }) : one)));
        else if (answer.type === "opaqueredirect") drop(item);
        else return; // not now: it stays
      } catch (error) { return; }
      done += 1;
    }
    if (done) { location.hash = "steps"; location.reload(); }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-queue")) { // what needs a network says so, rather than leave the card for nothing
      if (navigator.onLine && !kept) return;
      event.preventDefault();
      band.hidden = false;
      band.textContent = body.needs;
      return;
    }
    const fields = Object.fromEntries(new FormData(form));
    delete fields.form;
    const items = read();
    if (items.some((item) => item.fields.key === fields.key)) return event.preventDefault();
    const item = { account: body.account, path: here(), action: form.getAttribute("action"), title: document.querySelector("h1").textContent, at: Date.now(), fields: fields };
    if (!write(items.concat([item]))) return; // a browser that keeps nothing sends it as any form
    event.preventDefault(); // kept first, then sent: a network that breaks off meanwhile loses nothing
    form.querySelector("button").disabled = true;
    show();
    pause = 2000;
    again();
  });

  // ---- a network that is said to be back may not carry yet, so it is asked again, ever more seldom, until it does
  let pause = 2000;
  let timer = 0;
  const waits = () => kept || read().some((item) => mine(item) && item.path === here() && !item.refused);
  async function renew() { // only where the card comes well before the worker would take its copy again
    const late = new AbortController();
    const limit = setTimeout(() => late.abort(), 4000);
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", redirect: "manual", signal: late.signal });
      if (answer.status < 500) location.reload();
    } catch (error) { /* not yet */ }
    clearTimeout(limit);
  }
  let busy = false;
  async function again() {
    clearTimeout(timer);
    if (busy) { timer = setTimeout(again, 500); return; }
    busy = true;
    if (kept) await renew();
    else await later();
    busy = false;
    if (waits()) timer = setTimeout(again, pause = Math.min(60000, pause * 2));
  }
  window.addEventListener("online", () => { pause = 2000; again(); });
  show();
  again();
})();
