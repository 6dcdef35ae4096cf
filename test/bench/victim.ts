/** An API server that goes on asking while others attack: each review must be answered right, and soon. */
import { Agent, request } from 'node:https';

export interface Suffering {
  readonly sent: number;
  /** Not answered, or not right. */
  readonly wrong: number;
  readonly slowestMs: number;
  /** What was wrong, the first of it. */
  readonly example: string;
}

const ADDRESS = '127.0.0.9';
const LATE_MS = 5000;

let last = 0;

/** Of another image each time, so that the registry is asked; or of as many different ones as are given, which are remembered. */
export function reviewOf(registry: string, images = Number.POSITIVE_INFINITY): string {
  last += 1;
  const tag = last % images;
  const image = `${registry}/shop/web:v${tag}`;
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"v${last}","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"shop","operation":"CREATE","userInfo":{},"object":{"metadata":{"name":"web"},"spec":{"imagePullSecrets":[{"name":"pull"}],"containers":[{"name":"web","image":"${image}"}]}}}}`;
}

/** `undefined` when it is right: allowed, without any warning, with its own uid. */
export function faultOf(review: string, status: number, text: string): string | undefined {
  if (status !== 200) return `HTTP ${status}`;
  const { response } = JSON.parse(text);
  const isRight = response.allowed === true && response.warnings === undefined && review.includes(`"${response.uid}"`);
  return isRight ? undefined : text.slice(0, 200);
}

/** Until `until` resolves; half of the reviews on new connections. An answer of 503 is asked for again, as client-go does. */
export async function suffer(port: number, registry: string, until: Promise<unknown>): Promise<Suffering> {
  const agent = new Agent({ keepAlive: true });
  const over = new AbortController();
  void until.finally(() => over.abort());
  let [sent, wrong, slowestMs, example] = [0, 0, 0, ''];
  while (!over.signal.aborted) {
    const begin = performance.now();
    const review = reviewOf(registry);
    const fault = await ask(port, review, sent % 2 === 0 ? agent : undefined);
    sent += 1;
    slowestMs = Math.max(slowestMs, performance.now() - begin);
    if (fault !== undefined) {
      wrong += 1;
      if (example === '') example = fault;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  agent.destroy();
  return { sent, wrong, slowestMs, example };
}

export function ask(port: number, review: string, agent?: Agent): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(review) };
  const to = { host: '127.0.0.1', port, localAddress: ADDRESS, path: '/validate?timeout=5s', method: 'POST', headers };
  return new Promise((resolve) => {
    const sent = request({ ...to, agent: agent ?? false, rejectUnauthorized: false, timeout: LATE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(faultOf(review, response.statusCode ?? 0, text)));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LATE_MS} ms`)));
    sent.on('error', (error) => resolve(error.message));
    sent.end(review);
  });
}
