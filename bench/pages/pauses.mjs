/** Imported into a server: says on standard error how long its event loop has stood still, where that is more than 20 ms. */
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  if (now - last > 20) process.stderr.write(`pause ${Math.round(now - last)}\n`);
  last = now;
}, 1).unref();
