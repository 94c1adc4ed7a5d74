// The element that holds a map on which a place is chosen. A rerun keeps its iframe; the place that stands goes in as a message, the one that is pressed comes back as one.

const MESSAGE = "battlemap";

export function pick({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".bm-pick");
  const theme = document.documentElement.dataset.theme;
  const identity = [data.area, data.language, theme].join(" ");
  const place = JSON.stringify(data.place);
  const others = JSON.stringify([data.others, data.walks]);
  let frame = host.querySelector("iframe");
  if (!frame || frame.dataset.identity !== identity) {
    frame = document.createElement("iframe");
    frame.dataset.identity = identity;
    frame.title = data.title;
    frame.src = source(data, theme);
    host.replaceChildren(frame);
  } else if (frame.dataset.ready && frame.dataset.place !== place && frame.dataset.pressed !== place) tell();
  else if (frame.dataset.ready && frame.dataset.others !== others) tell();
  frame.dataset.place = place;
  frame.dataset.others = others;
  addEventListener("message", receive);
  return () => removeEventListener("message", receive);

  function tell() {
    const shown = data.place && { ...data.place, bring: frame.dataset.pressed !== place };
    frame.contentWindow.postMessage({ source: MESSAGE, type: "pick", place: shown, others: data.others, walks: data.walks }, location.origin);
  }

  function receive(event) {
    const message = event.data;
    if (event.origin !== location.origin || event.source !== frame.contentWindow || !message || message.source !== MESSAGE) return;
    if (message.type === "ready") {
      frame.dataset.ready = "1";
      tell();
    } else if (message.type === "view") {
      sessionStorage.setItem("battlemap-view-" + data.area, [message.lat.toFixed(5), message.lon.toFixed(5), message.zoom.toFixed(2)].join(","));
    } else if (message.type === "picked" && data.still) tell();
    else if (message.type === "picked") {
      frame.dataset.pressed = JSON.stringify({ lon: message.lon, lat: message.lat });
      setTriggerValue("picked", { lon: message.lon, lat: message.lat });
    }
  }
}

function source(data, theme) {
  const query = new URLSearchParams({ lang: data.language, theme, embed: "1" });
  const view = sessionStorage.getItem("battlemap-view-" + data.area);
  if (view) query.set("view", view);
  else if (data.home && innerWidth <= 760) query.set("home", data.home.join(",")); // one's own grid
  return "/map/" + encodeURIComponent(data.area) + "?" + query;
}
