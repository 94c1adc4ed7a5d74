// Before anything is drawn: the theme of Streamlit's widgets and of our styles, the scale of large screens, and the watch over the session, which does not wait
// for Streamlit: a session that ended before its websocket opened would leave an empty page.
(function () {
  "use strict";
  var query = new URLSearchParams(location.search);
  var asked = query.get("theme");
  var theme = asked === "dark" || asked === "light" ? asked : localStorage.getItem("battlemap-theme") === "dark" ? "dark" : "light";
  localStorage.setItem("battlemap-theme", theme);
  document.documentElement.dataset.theme = theme;
  // Streamlit keeps its choice by path, in this form (1.67; a test sees that it works).
  localStorage.setItem("stActiveTheme-" + location.pathname + "-v2", JSON.stringify(theme === "dark" ? "Dark" : "Light"));

  function scale() {
    var k = Math.max(1, Math.min(innerWidth / 1920, innerHeight / 1080));
    document.documentElement.style.setProperty("--k", k.toFixed(3));
  }
  addEventListener("resize", scale);
  scale();

  // A session goes on while somebody does something; when it is over, the page goes to the log-in by itself.
  var active = false;
  ["pointerdown", "keydown", "wheel"].forEach(function (kind) {
    addEventListener(kind, function () { active = true; }, { passive: true, capture: true });
  });
  setInterval(function () {
    var headers = active ? { "X-Battlemap-Active": "1" } : {};
    active = false;
    fetch("/_stcore/health", { headers: headers, cache: "no-store", credentials: "same-origin" }).then(function (answer) {
      if (answer.status !== 401 && answer.status !== 403) return;
      dispatchEvent(new Event("battlemap-over"));
      if (answer.status === 401) location.assign("/log-in?next=" + encodeURIComponent(location.pathname + location.search) + (document.documentElement.lang === "en" ? "&lang=en" : ""));
      else location.reload(); // the role may not use the console any more
    }, function () {}); // no connection: asked again
  }, 5000);
})();
