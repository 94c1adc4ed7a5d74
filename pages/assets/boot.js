// Before anything is drawn: the theme of Streamlit's widgets and of our styles, and the scale of large screens.
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
})();
