import Analytics from "@rudderstack/rudder-sdk-node";

const [host, count] = [process.argv[2], Number(process.argv[3])];
const analytics = new Analytics("wk", { dataPlaneUrl: host, flushAt: 5 });
for (let number = 0; number < count; number++)
  analytics.track({ userId: `node-${number}`, event: "Order Completed", properties: { number } });
await new Promise((done) => analytics.flush(done));
await new Promise((done) => setTimeout(done, 3000));
process.exit(0);
