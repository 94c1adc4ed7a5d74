// The order in which places are walked from where one stands: the nearest next, then crossings undone (2-opt). Reckoned on the phone alone; nobody is told where it is. ES2018.
(function (root) {
  "use strict";
  const LEAST = 1e-6; // metres by which a turn has to be shorter
  const MOST_ROUNDS = 30; // through all pairs; a day's places are settled long before

  // Places { lon, lat } from a start, as their positions in the order of the walk; the walk ends wherever the last is.
  function walk(places, start) {
    const metre = 111195 * Math.cos(((start.lat) * Math.PI) / 180);
    const at = [start].concat(places).map((one) => [(one.lon - start.lon) * metre, (one.lat - start.lat) * 111195]);
    const far = (one, other) => Math.hypot(at[one][0] - at[other][0], at[one][1] - at[other][1]);
    const left = new Set(places.map((place, n) => n + 1));
    const way = [0];
    while (left.size) {
      const here = way[way.length - 1];
      let next = 0;
      left.forEach((one) => { if (!next || far(here, one) < far(here, next)) next = one; });
      left.delete(next);
      way.push(next);
    }
    for (let round = 0, better = true; better && round < MOST_ROUNDS; round++) {
      better = false;
      for (let i = 1; i < way.length - 1; i++) for (let j = i + 1; j < way.length; j++) {
        const after = way[j + 1];
        const now = far(way[i - 1], way[i]) + (after === undefined ? 0 : far(way[j], after));
        const turned = far(way[i - 1], way[j]) + (after === undefined ? 0 : far(way[i], after));
        if (turned + LEAST >= now) continue;
        way.splice(i, j - i + 1, ...way.slice(i, j + 1).reverse());
        better = true;
      }
    }
    return way.slice(1).map((one) => one - 1);
  }

  root.fieldWalk = walk;
})(self);
