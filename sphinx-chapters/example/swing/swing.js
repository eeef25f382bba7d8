// A pendulum to pull aside: how long it swings. The lengths are those of measurements.csv.
for (const form of document.querySelectorAll("form.swing")) {
  const rows = atob(appData["measurements.csv"]).trim().split("\n").slice(1);
  const lengths = new Set(rows.map((row) => Number(row.split(",")[0])));
  for (const length of lengths) {
    form.elements.string.add(new Option(`${length.toFixed(2)} m`, length));
  }
  form.elements.string.value = 1;

  // In seconds, by the mean of Gauss, as pendulum.py has it; the angle is in degrees.
  const period = (length, angle) => {
    let [high, low] = [1, Math.cos((angle * Math.PI) / 360)];
    while (high - low > 1e-12) [high, low] = [(high + low) / 2, Math.sqrt(high * low)];
    return (2 * Math.PI * Math.sqrt(length / 9.81)) / high;
  };

  const say = () => {
    const [length, angle] = ["string", "angle"].map((name) => Number(form.elements[name].value));
    form.querySelector("g").setAttribute("transform", `rotate(${-angle})`);
    form.querySelector("output").value = `From ${angle}° a swing takes ${period(length, angle).toFixed(3)} s.`;
  };
  form.addEventListener("input", say);
  say();
}
