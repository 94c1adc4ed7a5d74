// The tools above the printed sheet: print, and back by Esc.
(function () {
  "use strict";
  document.getElementById("print").addEventListener("click", function () { window.print(); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") window.location.assign(document.getElementById("back").href);
  });
})();
