"use strict";
(() => {
  const form = document.querySelector(".toolbar");
  if (!form) return;
  const table = document.querySelector("table");
  const nothing = document.querySelector(".nothing");
  const output = form.querySelector("output");
  const SOME = 5;

  const groups = [...table.tBodies].map((body, position) => {
    const rows = [...body.querySelectorAll(".place")];
    return {
      body,
      position,
      rows,
      data: body.dataset,
      head: body.querySelector(".credential").textContent.toLowerCase(),
      texts: rows.map((row) => row.textContent.toLowerCase()),
      expanded: false,
      more: null,
    };
  });

  const compare = {
    harm: () => 0,
    places: (a, b) => b.data.places - a.data.places,
    date: (a, b) => (a.data.date < b.data.date ? 1 : a.data.date > b.data.date ? -1 : 0),
    path: (a, b) => (a.data.path < b.data.path ? -1 : a.data.path > b.data.path ? 1 : 0),
  };

  /** The button below a credential with many places, which shows those that are left out. */
  function moreRow(group) {
    if (group.more) return group.more;
    const row = document.createElement("tr");
    row.className = "more";
    const cell = row.insertCell();
    cell.colSpan = 2;
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => {
      group.expanded = true;
      const first = group.rows.find((place) => place.hidden);
      apply();
      if (first) {
        first.tabIndex = -1;
        first.focus();
      }
    });
    cell.append(button);
    group.body.append(row);
    group.more = row;
    return row;
  }

  /** How many places of a credential are as asked for; shows them. */
  function filter(group, words, kind, status, shown) {
    const { data } = group;
    const fits = (!kind || data.kind === kind) && (!status || data.status === status) && (!shown || data.shown === shown);
    const inHead = fits && words.every((word) => group.head.includes(word));
    let places = 0;
    group.rows.forEach((row, at) => {
      const matches = fits && (inHead || words.every((word) => (group.head + "\n" + group.texts[at]).includes(word)));
      places += matches;
      row.hidden = !matches || (!group.expanded && places > SOME);
    });
    const left = group.expanded ? 0 : places - SOME;
    if (left > 0) moreRow(group).querySelector("button").textContent = `Show ${left} more`;
    if (group.more) group.more.hidden = left <= 0;
    group.body.hidden = places === 0;
    return places;
  }

  function apply() {
    const { text, kind, status, shown } = form.elements;
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let credentials = 0;
    let places = 0;
    for (const group of groups) {
      const number = filter(group, words, kind.value, status.value, shown.value);
      credentials += number > 0;
      places += number;
    }
    nothing.hidden = places > 0;
    table.hidden = places === 0;
    output.textContent =
      `${credentials} of ${groups.length} credentials, ${places} ${places === 1 ? "place" : "places"}`;
  }

  function sort() {
    const by = compare[form.elements.order.value];
    const sorted = [...groups].sort((a, b) => by(a, b) || a.position - b.position);
    table.append(...sorted.map((group) => group.body));
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.name === "order") sort();
    else apply();
  });
  form.addEventListener("reset", () => setTimeout(() => { sort(); apply(); }));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  form.hidden = false;
  apply();
})();
