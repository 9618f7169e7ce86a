/**
 * Stands in front of a server and keeps each answer to a POST in a file, by what was asked: asked again, it is given from
 * there. So a run with more problems, on a fresh folder or another machine, goes on from what an earlier one was answered.
 *
 *   node bench/real/keep.mjs --file answers.jsonl --to http://127.0.0.1:8101 --port 8111
 *
 * Without --to only what is kept is answered, and anything else with 503.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    file: { type: 'string', default: 'answers.jsonl' },
    to: { type: 'string' },
    port: { type: 'string', default: '8111' },
  },
});
const answers = new Map();
for (const line of existsSync(values.file) ? readFileSync(values.file, 'utf8').split('\n') : []) {
  // A kill leaves half a line.
  if (!line.endsWith('}')) continue;
  const { key, answer } = JSON.parse(line);
  answers.set(key, answer);
}
console.log(`${answers.size} answers kept`);
let [given, asked] = [0, 0];

const server = createServer(async (request, response) => {
  try {
    const body = Buffer.concat(await request.toArray());
    const keeps = request.method === 'POST';
    const key = createHash('sha256')
      .update(`${request.url}\n`)
      .update(body)
      .digest('hex')
      .slice(0, 32);
    if (keeps && answers.has(key)) {
      given++;
      return reply(response, 200, JSON.stringify(answers.get(key)));
    }
    if (!values.to) {
      if (request.url.endsWith('/models'))
        return reply(response, 200, '{"object":"list","data":[]}');
      return reply(response, 503, '{"error":{"message":"not kept, and no server to ask"}}');
    }
    const { status, text } = await forward(request, body, response);
    asked++;
    if (keeps && status === 200) {
      const answer = slim(JSON.parse(text));
      answers.set(key, answer);
      appendFileSync(values.file, `${JSON.stringify({ key, answer })}\n`);
    }
    reply(response, status, text);
  } catch (error) {
    if (!response.headersSent)
      reply(response, 502, JSON.stringify({ error: { message: String(error) } }));
  }
});

/** Without a limit of time: many answers that are not streamed may be silent for long. A client that leaves ends it. */
const forward = ({ url, method, headers }, body, response) =>
  new Promise((resolve, reject) => {
    const onward = httpRequest(new URL(url, values.to), {
      method,
      // A connection that is kept may be closed by the server just as it is used again.
      agent: false,
      headers: {
        'content-type': headers['content-type'] ?? 'application/json',
        'content-length': body.length,
      },
    });
    onward.on('error', reject).on('response', async (answered) => {
      try {
        const text = Buffer.concat(await answered.toArray()).toString('utf8');
        resolve({ status: answered.statusCode, text });
      } catch (error) {
        reject(error);
      }
    });
    response.on('close', () => onward.destroy());
    onward.end(body);
  });

/** Without what nobody reads: the bytes of tokens beside their text, and what is null. */
const slim = (answer) =>
  JSON.parse(JSON.stringify(answer), (name, value) =>
    name === 'bytes' || value === null ? undefined : value,
  );

function reply(response, status, text) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

server.requestTimeout = 0;
server.listen(Number(values.port), '127.0.0.1');
setInterval(() => console.log(`${given} given, ${asked} asked`), 60_000).unref();
process.on('SIGTERM', () => process.exit(0));
