import Mixpanel from "mixpanel";

const [host, count] = [new URL(process.argv[2]), Number(process.argv[3])];
const settings = { protocol: host.protocol.slice(0, -1), host: host.host, path: host.pathname, verbose: true };
const client = Mixpanel.init("wk", settings);
for (let number = 0; number < count; number++)
  await new Promise((done, fail) =>
    client.track("Order Completed", { distinct_id: `node-${number}`, number }, (error) => (error ? fail(error) : done())),
  );
