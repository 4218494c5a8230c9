// Signs and verifies with the official package, found in NODE_PATH: one JSON object a line in, one a line out.
const { Webhook } = require("standardwebhooks");
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const asked = JSON.parse(line);
  const hook = new Webhook(asked.secret);
  const told = { signature: hook.sign(asked.id, new Date(asked.timestamp * 1000), asked.body) };
  const headers = {
    "webhook-id": asked.id,
    "webhook-timestamp": String(asked.timestamp),
    "webhook-signature": asked.signature,
  };
  try {
    told.verified = hook.verify(asked.body, headers);
  } catch (error) {
    told.refused = error.message;
  }
  console.log(JSON.stringify(told));
});
