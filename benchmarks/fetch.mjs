// The yardstick of transports.py: a Node client built on fetch, so many requests in flight.
// It reads how many to post, a line each, and answers with the CPU seconds of all its threads and wall seconds.
import { createInterface } from "node:readline";

const [url, inFlight, key, body] = process.argv.slice(2);

async function postSome(left) {
  while (left.count > 0) {
    left.count -= 1;
    const answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "User-Agent": "migma_nb",
        Accept: "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Idempotency-Key": `mnb-${crypto.randomUUID()}${crypto.randomUUID()}`.slice(0, 68),
        Authorization: `Bearer ${key}`,
      },
      body,
    });
    const said = await answer.json();
    if (!answer.ok || said.success !== true) throw new Error(`The server answered ${answer.status}.`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const left = { count: Number(line) };
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: Number(inFlight) }, () => postSome(left)));
  const wall = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({ cpu_s: (used.user + used.system) / 1e6, wall_s: wall }));
}
