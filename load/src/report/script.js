// Shows the numbers of the interval under the pointer. The page is complete without it.
const tip = document.getElementById("tip");
for (const chart of document.querySelectorAll("svg[data-tips]")) {
  const tips = chart.dataset.tips.split("\n");
  const left = Number(chart.dataset.left);
  const step = Number(chart.dataset.step);
  const cursor = chart.querySelector(".cursor");
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  chart.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
    const place = Math.floor((at.x - left) / step);
    const text = tips[place];
    if (text === undefined) return hide();
    const x = left + (place + 0.5) * step;
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
    tip.textContent = text.replaceAll("  ", "\n");
    tip.hidden = false;
    const room = window.innerWidth - tip.offsetWidth - 20;
    tip.style.left = Math.max(8, Math.min(event.clientX + 16, room)) + "px";
    tip.style.top = (event.clientY + 16) + "px";
  });
  chart.addEventListener("pointerleave", hide);
}
