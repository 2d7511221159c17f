import { Analytics } from "@segment/analytics-node";

const [url, count] = [new URL(process.argv[2]), Number(process.argv[3])];
const path = `${url.pathname}/v1/batch`; // a path within `host` is dropped
const analytics = new Analytics({ writeKey: "wk", host: url.origin, path, flushAt: 5 });
analytics.on("error", (error) => console.error("lost", error));
for (let number = 0; number < count; number++)
  analytics.track({ userId: `node-${number}`, event: "Order Completed", properties: { number } });
await analytics.closeAndFlush({ timeout: 30000 });
