(() => {
  const player = document.querySelector("audio");
  if (!player) return;
  const turns = [...document.querySelectorAll(".turn")].flatMap((turn) => {
    const time = turn.querySelector("a.time");
    return time ? [{ turn, ms: Number(time.dataset.ms) }] : [];
  });
  let now = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-ms]");
    if (!link) return;
    player.currentTime = Number(link.dataset.ms) / 1000;
    player.play();
  });
  player.addEventListener("timeupdate", () => {
    const ms = player.currentTime * 1000;
    let low = 0;
    let high = turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (turns[middle].ms <= ms) low = middle + 1;
      else high = middle;
    }
    const found = low ? turns[low - 1].turn : null;
    if (found === now) return;
    if (now) now.classList.remove("now");
    if (found) found.classList.add("now");
    now = found;
  });
})();
