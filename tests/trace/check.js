"use strict";
/* Drives the page of a trace of popf on x86, in a virtual machine. */
const lines = [];
function ok(condition, name) { lines.push((condition ? "ok " : "not ok ") + (lines.length + 1) + " - " + name); }
function type(id, text) { $(id).value = text; $(id).dispatchEvent(new Event("input")); }
function click(id) { $(id).dispatchEvent(new MouseEvent("click", { bubbles: true })); }
function labels() { return [...document.querySelectorAll("#rows g text")].map(e => e.textContent); }
function rowOfLabel(text) {
  const e = [...document.querySelectorAll("#rows g[data-row]")].find(g => g.textContent.includes(text));
  return e && e.querySelector(".hit");
}
try {
  ok(document.title.includes("popf on x86"), "the title says what ran");
  ok(data.lanes.join() === "application,guest OS,VMM,hardware", "four lanes");
  ok([...document.querySelectorAll("#lanes text")].some(e => e.textContent === "guest OS"), "lanes are named on the page");
  ok(labels().includes("popf: no trap, partial"), "the popf that did not trap is drawn");
  ok(labels().some(t => t.includes("popf.s:24")), "with its source line");
  ok(document.querySelectorAll("#rows g[data-row]").length < data.rows.length, "only rows in sight are drawn");

  const all = shown.length;
  click("class-emulation");
  ok(shown.length < all && !labels().some(t => t.startsWith("emulate")), "a class can be hidden");
  click("class-emulation");
  ok(shown.length === all && labels().some(t => t.startsWith("emulate")), "and shown again");
  type("find", "cli");
  ok(shown.length > 0 && shown.length < all && shown.every(i => words(data.rows[i]).includes("cli")), "rows can be searched");
  type("find", "no such thing");
  ok(shown.length === 0 && $("count").textContent.startsWith("0 of"), "nothing found is nothing shown");
  type("find", "");
  type("from", "1000");
  ok(shown.length < all && data.rows[shown[0]][TICK] + data.rows[shown[0]][TICKS] >= 1000, "rows before a tick can be left out");
  type("from", "");

  const before = $("space").style.height;
  click("in");
  ok(parseInt($("space").style.height) > parseInt(before) && $("reset").textContent === "125 %", "zoom in");
  click("out"); click("out");
  ok(parseInt($("space").style.height) < parseInt(before), "zoom out");
  click("reset");
  ok($("space").style.height === before, "and back");

  let hit = rowOfLabel("popf: no trap");
  const box = hit.getBoundingClientRect();
  hit.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: box.left + 300, clientY: box.top + 5 }));
  const tip = $("tip");
  ok(getComputedStyle(tip).display === "block" && tip.textContent.includes("tick 12"), "a tooltip has the tick");
  ok(tip.textContent.includes("IE on again"), "and the source around it, with comments");
  const place = tip.getBoundingClientRect();
  ok(place.left >= 0 && place.right <= innerWidth && place.top >= 0 && place.bottom <= innerHeight, "it lies within the window");
  $("view").dispatchEvent(new MouseEvent("mouseleave"));
  ok(getComputedStyle(tip).display === "none", "and goes away");

  hit.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  ok($("source").querySelector("b").textContent.includes("popf"), "a click shows the source, the line marked");
  const then = chosen;
  $("view").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  ok(chosen === then + 1, "arrow keys go from row to row");
  $("view").scrollTop = 1e9; draw();
  ok(labels().includes("stops"), "the end can be scrolled to");

  /* Labels lie within their boxes, and boxes and labels of neighbouring rows apart. */
  $("view").scrollTop = 0; draw();
  const wide = [...document.querySelectorAll("#rows g[data-row]")].filter(g => {
    const r = g.querySelector("rect:not(.hit)"), t = [...g.querySelectorAll("text")].find(e => e.getAttribute("text-anchor") === "middle");
    return r && t && t.getBBox().width > r.getBBox().width;
  });
  ok(wide.length === 0, "labels fit their boxes");
  ok(!performance.getEntriesByType("resource").length, "nothing was fetched");
} catch (e) {
  ok(false, "the page threw: " + e.message.replace(/\s+/g, " "));
}
lines.push("1.." + lines.length);
$("report").textContent = "\n" + lines.join("\n") + "\n";
