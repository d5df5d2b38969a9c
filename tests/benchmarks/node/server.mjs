// The ZEN engine on node:http, with the workload as a decision table: what a Node service of that engine gives.
// Arguments: the port, the file of the table, the folder that holds node_modules.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [port, table, packages] = process.argv.slice(2);
const { ZenEngine } = createRequire(resolve(packages, "package.json"))("@gorules/zen-engine");
const content = readFileSync(table);
const engine = new ZenEngine({ loader: async () => content });

async function answer(body) {
  const { result } = await engine.evaluate("workload", JSON.parse(body));
  return JSON.stringify({ matched: result.map((row) => row.id) });
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const body = await answer(Buffer.concat(chunks));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(Number(port), "127.0.0.1");
