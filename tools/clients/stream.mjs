// Sends a file of lines as one stream with fetch, and prints the summary of the answer. Fetch sends the
// whole body before it gives the answer.

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

const [base, token, lines] = process.argv.slice(2);
const answer = await fetch(`${base}/v1/contacts/batch?results=all`, {
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
  body: Readable.toWeb(createReadStream(lines)),
  duplex: "half",
});
if (!answer.ok) throw new Error(await answer.text());
const answered = (await answer.text()).trimEnd().split("\n");
const { summary } = JSON.parse(answered.at(-1));
if (summary.items !== answered.length - 1) throw new Error(JSON.stringify(summary));
console.log(JSON.stringify(summary));
